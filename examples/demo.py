"""What heard says about a handful of messages of different kinds."""

from textwrap import fill

from heard import load, recommend
from heard.show import show

MESSAGES = (
    "Hi, do you deliver to the Isle of Skye?",
    "Third call this week. I explain it from the start each time, and my boiler still isn't fixed.",
    "My card was refused at the till, everyone was staring at me. I felt like a criminal.",
    "Wow, the engineer came within the hour! I never expected that. Thank you!",
    "I'm not angry, I'd just like to know where my parcel is.",
    "You charged me twice and your agent hung up on me. Get your manager or my lawyer will write.",
    "@NorvikAir great, another cancelled flight. Love sleeping on airport floors. Never again.",
)


def main() -> None:
    """Print each message as a person would want to read it."""
    analyzer = load()
    assessments = analyzer.assess_many(MESSAGES)
    for text, assessment in zip(MESSAGES, assessments, strict=True):
        print(show(text, assessment), end="\n\n")
        reply = recommend(assessment).reply
        print(fill(reply, 88, initial_indent="  > ", subsequent_indent="  > "), end="\n\n")
    print(f"{analyzer.model.name} {analyzer.model.version}", end="; ")
    print("try: heard assess '...', heard reply '...'")


if __name__ == "__main__":
    main()

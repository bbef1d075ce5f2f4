"""Writes docs/replies.md: twelve situations, and what heard recommends, as it comes out."""

from heard import Context, load, recommend

SITUATIONS = (
    (
        "A card refused in a full shop, after a missed payment",
        "My card was declined at the till yesterday with a whole queue watching. The cashier said "
        "it out loud. I know I missed a payment last month, but I felt so humiliated.",
        Context(channel="chat", customer_name="Ruth"),
    ),
    (
        "Surprised, not angry",
        "Oh, my bill went from 40 to 65 this month. I really didn't expect that. What happened?",
        Context(channel="chat"),
    ),
    (
        "A plain report",
        "my modem isn't working",
        Context(channel="chat", remedies=("express_replacement",)),
    ),
    (
        "A ticket silent for three weeks",
        "I wrote to you three weeks ago about the leak under my sink, ticket HB-20418, and "
        "nobody has answered. The cupboard floor is starting to rot. Please send somebody.",
        Context(channel="email", stage="after_silence", customer_name="Mr Adair"),
    ),
    (
        "An abusive caller",
        "You useless idiots cut off my phone again, you're all morons, I can't even ring my "
        "mother!",
        Context(channel="phone"),
    ),
    (
        "A furious public review",
        "@GullwingAir cancelled our flight at the gate, six hours without a word, and then lost "
        "our bags. Absolutely disgusting. Booking QX7731. Never again.",
        Context(channel="public"),
    ),
    (
        "A polite letter with a lawyer in its last line",
        "Dear Sir or Madam, I moved out on 31 May and the flat was left spotless, as your own "
        "inventory clerk confirmed. My deposit of £1,150 has not been returned. I would be "
        "grateful to have it by the end of the month, failing which I shall pass the papers to my "
        "solicitor. Yours faithfully, J. Merrow",
        Context(channel="email", remedies=("refund",)),
    ),
    (
        "Sarcasm",
        "Wow, brilliant, another update that deletes all my playlists. You're really spoiling me.",
        Context(channel="chat", stage="follow_up"),
    ),
    (
        "Treated like a number",
        "I've banked with you for thirty years and your new branch made me take a ticket and then "
        "called me 'number 47' across the hall. I'm not a number. I felt very small.",
        Context(channel="email", customer_name="Mrs Oyelaran"),
    ),
    (
        "A customer who is in the wrong",
        "It's ridiculous that you charged me a late fee! The book was only nine days late and "
        "nobody reminded me. Take it off.",
        Context(channel="chat", remedies=("credit",)),
    ),
    (
        "A hint of self-harm",
        "They're taking the house on Friday. I've tried everything with you people. Honestly I "
        "don't see the point of being here any more.",
        Context(channel="chat"),
    ),
    (
        "Plain thanks",
        "Thank you so much, the new charger came this morning and it works perfectly!",
        Context(channel="chat", stage="follow_up"),
    ),
)


def main() -> None:
    """Print the page."""
    analyzer = load()
    print("# What heard recommends\n")
    print("Twelve situations, and the replies as the program composed them; nothing is edited.")
    print(f"Printed by `python examples/replies.py` with {analyzer.model.name} ", end="")
    print(f"{analyzer.model.version}. `heard reply` does the same for any message.")
    for number, (title, message, context) in enumerate(SITUATIONS, start=1):
        found = recommend(analyzer.assess(message), context)
        told = [context.channel, context.stage.replace("_", " ")]
        told += [context.customer_name] if context.customer_name else []
        told += [f"may offer: {' or '.join(context.remedies)}"] if context.remedies else []
        print(f"\n## {number}. {title}\n\n_{', '.join(told)}_\n\n> {message}\n")
        print(f"**{found.reply}**\n")
        print(f"- Moves: {', '.join(move.name for move in found.moves)}")
        print(f"- Action: {found.action.replace('_', ' ')}")
        if found.pause:
            print(f"- Before you answer: {found.pause}")
        first = found.avoid[0]
        print(f'- Avoid "{first.what}": {first.reason}')
        if found.handover:
            print("\n```text\n" + found.handover + "\n```")


if __name__ == "__main__":
    main()

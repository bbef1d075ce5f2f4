"""Times one recommendation: `python bench/reply.py [--model FOLDER]`, one thread, one message.

Prints the median of reading the message, of recommending what to say, and the ratio of the two.
"""

import argparse
import statistics
import time
from collections.abc import Callable

from heard import Context, check_reply, load, recommend

MESSAGE = (
    "I have been waiting since Monday and my order AX-5512 still isn't here, nobody answers my "
    "emails and I am really fed up with all of it now"
)


def median(run: Callable[[int], object], runs: int) -> float:
    """Time ``run`` so many times; returns the median in milliseconds."""
    run(0)
    took = []
    for number in range(runs):
        started = time.perf_counter()
        run(number)
        took.append(time.perf_counter() - started)
    return 1000 * statistics.median(took)


def main() -> None:
    """Print a table of medians."""
    parser = argparse.ArgumentParser(description="Times one recommendation.")
    parser.add_argument("--model", help="a bundle's folder (the shipped one)")
    parser.add_argument("--runs", type=int, default=200, help="of each (default: %(default)s)")
    arguments = parser.parse_args()
    runs = arguments.runs
    analyzer = load(arguments.model, threads=1)
    found = analyzer.assess(MESSAGE)
    draft = "I'm sorry that your order still isn't here. I'll check where it is and write to you."
    reading = median(lambda _: analyzer.assess(MESSAGE), runs)
    reply = median(lambda n: recommend(found, Context(conversation_id=str(n))), runs)
    check = median(lambda _: check_reply(draft, found), runs)
    print(f"{len(MESSAGE.split())} words, {found.model.name}, one thread, median of {runs} runs")
    print(f"assess     {reading:6.2f} ms")
    print(f"recommend  {reply:6.2f} ms  ({reply / reading:.2f} of assess)")
    print(f"together   {reading + reply:6.2f} ms")
    print(f"check      {check:6.2f} ms  ({check / reading:.2f} of assess)")


if __name__ == "__main__":
    main()

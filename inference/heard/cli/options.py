"""What the commands share: the options that choose a model and its decisions."""

from __future__ import annotations

import argparse

from heard.analyzer import Analyzer, load
from heard.errors import InputError

__all__ = ["MODEL_HELP", "add_model_option", "add_model_options", "load_chosen"]

MODEL_HELP = "a bundle's folder (default: the shipped one)"


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the bundle."""
    parser.add_argument("--model", metavar="PATH", help=MODEL_HELP)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that :func:`load_chosen` reads."""
    add_model_option(parser)
    parser.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another decision threshold: abusive=0.6, or three for a level: escalation=.5,.3,.5",
    )
    parser.add_argument("--threads", type=int, help="CPU threads (default: up to 4)")


def load_chosen(arguments: argparse.Namespace) -> Analyzer:
    """Load the model that the options name.

    Raises:
        BundleError: when it cannot be read.
        InputError: for a threshold or a number of threads that cannot be used.
    """
    thresholds = dict(_threshold(item) for item in arguments.threshold)
    return load(arguments.model, thresholds=thresholds or None, threads=arguments.threads)


def _threshold(item: str) -> tuple[str, float | list[float]]:
    name, _, value = item.partition("=")
    try:
        numbers = [float(number) for number in value.split(",")]
    except ValueError:
        raise InputError(
            f"--threshold {item!r} is not NAME=NUMBER or NAME=NUMBER,NUMBER,NUMBER."
        ) from None
    return name, numbers[0] if len(numbers) == 1 else numbers

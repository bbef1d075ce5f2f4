"""``heard assess``, ``heard info``, ``heard verify``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from heard.analyzer import Analyzer, load
from heard.cli.options import add_model_option, add_model_options, load_chosen
from heard.cli.terminal import messages, say
from heard.labels import EMOTIONS, ESCALATION, ESCALATION_LEVELS, SIGNALS, SPAN_KINDS, STRENGTHS
from heard.show import show

__all__ = ["add_to"]


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add these commands to the command line's."""
    assess = commands.add_parser("assess", help="assess messages")
    assess.add_argument("text", nargs="+", help="a message each, or - for one per line from stdin")
    add_model_options(assess)
    form = assess.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON array, indented")
    form.add_argument("--jsonl", action="store_true", help="one JSON object a line, some at a time")
    assess.set_defaults(run=_assess)

    info = commands.add_parser("info", help="say what the model is and what its labels mean")
    add_model_option(info)
    info.add_argument("--json", action="store_true", help="the bundle's manifest")
    info.set_defaults(run=_info)

    verify = commands.add_parser("verify", help="check a bundle: schema, hashes, labels, graph")
    verify.add_argument("path", nargs="?", help="the bundle's folder (default: the one shipped)")
    verify.set_defaults(run=_verify)


def _assess(arguments: argparse.Namespace) -> int:
    analyzer = load_chosen(arguments)
    texts = messages(arguments.text)
    if arguments.jsonl:
        for assessment in analyzer.assess_iter(texts):
            say(json.dumps(assessment.to_dict(), ensure_ascii=False))
    elif arguments.json:
        results = [assessment.to_dict() for assessment in analyzer.assess_iter(texts)]
        say(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        _show_all(analyzer, texts)
    return 0


def _show_all(analyzer: Analyzer, texts: Iterator[str]) -> None:
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for place, text in enumerate(texts):
        if place:
            say("")
        say(show(text, analyzer.assess(text), colour=colour))


def _info(arguments: argparse.Namespace) -> int:
    bundle = load(arguments.model).bundle
    if arguments.json:
        say(json.dumps(bundle.manifest, indent=2))
        return 0
    size = bundle.model_path.stat().st_size / 1e6
    say(f"{bundle.name} {bundle.version}  ({size:.1f} MB, sha256 {bundle.sha256[:12]})")
    say(f"{bundle.path}")
    say(f"reads {bundle.window} tokens at a time, {bundle.max_characters:,} characters at the most")
    thresholds = bundle.thresholds.to_dict()
    for title, labels in (
        ("emotions, each 0 to 3", EMOTIONS),
        ("strengths", STRENGTHS),
        ("escalation, 0 to 3", (ESCALATION, *ESCALATION_LEVELS)),
        ("signals", SIGNALS),
        ("spans", SPAN_KINDS),
    ):
        say(f"\n{title}")
        for label in labels:
            say(f"  {label.name:<19} {label.meaning}{_decided_at(thresholds.get(label.name))}")
    return 0


def _decided_at(threshold: Any) -> str:  # noqa: ANN401 - None, a number, or three
    if threshold is None:
        return ""
    numbers = threshold if isinstance(threshold, list) else [threshold]
    return f" (decided at {', '.join(f'{number:.2f}' for number in numbers)})"


def _verify(arguments: argparse.Namespace) -> int:
    analyzer = load(arguments.path)
    longest = analyzer.tokenizer.encode("a " * analyzer.bundle.window).windows[0]
    analyzer.session.run([longest.ids])  # makes the session, which checks the graph, and uses it
    say(f"{analyzer.bundle.path}: {analyzer.model.name} {analyzer.model.version} is sound")
    return 0

"""The command line: ``heard assess``, ``heard info``, ``heard verify``.

Results go to standard output, everything else to standard error. Wrong use and bad input end with
one sentence and exit code 2.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from typing import Any, BinaryIO

import heard
from heard.analyzer import Analyzer, load
from heard.errors import HeardError, InputError
from heard.labels import EMOTIONS, ESCALATION, ESCALATION_LEVELS, SIGNALS, SPAN_KINDS, STRENGTHS
from heard.show import show
from heard.text import check_text

__all__ = ["main"]

_FAILED = 1
_WRONG_USE = 2
_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    if sys.stdout is None or sys.stderr is None:  # closed by the caller: nothing can be said
        return _FAILED
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # whatever the terminal's own encoding is
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except HeardError as error:
        _complain(str(error))
        return _WRONG_USE
    except BrokenPipeError:  # the reader of our output has gone: nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:  # a full disk behind standard output, say
        _complain(f"The results could not be written: {error.strerror}.")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    return code


def _complain(sentence: str) -> None:
    sys.stderr.write(f"heard: {sentence}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heard", description=heard.__doc__.split("\n")[0])
    parser.add_argument("--version", action="version", version=f"heard {heard.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    assess = commands.add_parser("assess", help="assess messages")
    assess.add_argument("text", nargs="+", help="a message each, or - for one per line from stdin")
    assess.add_argument("--model", metavar="FOLDER", help="a bundle other than the one shipped")
    assess.add_argument(
        "--threshold",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another decision threshold: abusive=0.6, or three for a level: escalation=.5,.3,.5",
    )
    assess.add_argument("--threads", type=int, help="CPU threads (default: up to 4)")
    form = assess.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON array, indented")
    form.add_argument("--jsonl", action="store_true", help="one JSON object a line, some at a time")
    assess.set_defaults(run=_assess)

    info = commands.add_parser("info", help="say what the model is and what its labels mean")
    info.add_argument("--model", metavar="FOLDER", help="a bundle other than the one shipped")
    info.add_argument("--json", action="store_true", help="the bundle's manifest")
    info.set_defaults(run=_info)

    verify = commands.add_parser("verify", help="check a bundle: schema, hashes, labels, graph")
    verify.add_argument("path", nargs="?", help="the bundle's folder (default: the one shipped)")
    verify.set_defaults(run=_verify)
    return parser


def _assess(arguments: argparse.Namespace) -> int:
    thresholds = dict(_threshold(item) for item in arguments.threshold)
    analyzer = load(arguments.model, thresholds=thresholds or None, threads=arguments.threads)
    texts = _messages(arguments.text)
    if arguments.jsonl:
        for assessment in analyzer.assess_iter(texts):
            _print(json.dumps(assessment.to_dict(), ensure_ascii=False))
    elif arguments.json:
        results = [assessment.to_dict() for assessment in analyzer.assess_iter(texts)]
        _print(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        _show_all(analyzer, texts)
    return 0


def _show_all(analyzer: Analyzer, texts: Iterator[str]) -> None:
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for place, text in enumerate(texts):
        if place:
            _print("")
        _print(show(text, analyzer.assess(text), colour=colour))


def _messages(given: Sequence[str]) -> Iterator[str]:
    if list(given) == ["-"]:
        if sys.stdin is None:
            raise InputError("Standard input is closed: pipe messages into it.")
        return _lines(sys.stdin.buffer)
    if "-" in given:
        raise InputError("- stands for standard input, and must stand alone.")
    return iter(given)  # bytes that are not UTF-8 arrive from the shell as lone surrogates


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Read one message per line; a byte order mark and line ends are no part of one."""
    for number, line in enumerate(stream, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"Line {number} of standard input is not UTF-8 at byte {error.start}: "
                "convert it, for instance with iconv."
            ) from None
        try:
            yield check_text(text.rstrip("\r\n"))
        except InputError as error:
            raise InputError(f"Line {number} of standard input: {error}") from None


def _threshold(item: str) -> tuple[str, float | list[float]]:
    name, _, value = item.partition("=")
    try:
        numbers = [float(number) for number in value.split(",")]
    except ValueError:
        raise InputError(
            f"--threshold {item!r} is not NAME=NUMBER or NAME=NUMBER,NUMBER,NUMBER."
        ) from None
    return name, numbers[0] if len(numbers) == 1 else numbers


def _info(arguments: argparse.Namespace) -> int:
    bundle = load(arguments.model).bundle
    if arguments.json:
        _print(json.dumps(bundle.manifest, indent=2))
        return 0
    size = bundle.model_path.stat().st_size / 1e6
    _print(f"{bundle.name} {bundle.version}  ({size:.1f} MB, sha256 {bundle.sha256[:12]})")
    _print(f"{bundle.path}")
    _print(
        f"reads {bundle.window} tokens at a time, {bundle.max_characters:,} characters at the most"
    )
    thresholds = bundle.thresholds.to_dict()
    for title, labels in (
        ("emotions, each 0 to 3", EMOTIONS),
        ("strengths", STRENGTHS),
        ("escalation, 0 to 3", (ESCALATION, *ESCALATION_LEVELS)),
        ("signals", SIGNALS),
        ("spans", SPAN_KINDS),
    ):
        _print(f"\n{title}")
        for label in labels:
            _print(f"  {label.name:<19} {label.meaning}{_decided_at(thresholds.get(label.name))}")
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
    _print(f"{analyzer.bundle.path}: {analyzer.model.name} {analyzer.model.version} is sound")
    return 0


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")

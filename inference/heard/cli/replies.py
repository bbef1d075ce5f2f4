"""``heard reply``, ``heard check``, ``heard playbook``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from heard.analyzer import load
from heard.cli.options import add_model_option
from heard.cli.terminal import read_file, say
from heard.errors import InputError
from heard.labels import EMOTION_NAMES, ESCALATION_LEVELS, STRENGTHS
from heard.reply.check.check import check_reply
from heard.reply.check.finding import Finding
from heard.reply.context import CHANNELS, REMEDIES, STAGES, Context
from heard.reply.coverage import check_playbook
from heard.reply.playbook import MOVES, Playbook, read_playbook
from heard.reply.recommend import Recommendation, own_playbook, recommend
from heard.reply.situation import Situation

__all__ = ["add_to"]

_FAULTS = 1


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add these commands to the command line's."""
    reply = commands.add_parser("reply", help="recommend what to say to a message")
    reply.add_argument("text", help="the customer's message, or - for standard input")
    _add_context(reply)
    reply.add_argument("--playbook", metavar="FOLDER", help="your own playbook")
    add_model_option(reply)
    reply.add_argument("--json", action="store_true", help="the whole recommendation")
    reply.set_defaults(run=_reply)

    check = commands.add_parser("check", help="check a draft before it is sent; 1 for errors in it")
    check.add_argument("--message", required=True, metavar="FILE", help="what the customer wrote")
    check.add_argument("--draft", required=True, metavar="FILE", help="what is to be sent, or -")
    _add_context(check)
    check.add_argument("--playbook", metavar="FOLDER", help="your own playbook")
    add_model_option(check)
    check.add_argument("--json", action="store_true", help="one JSON array")
    check.set_defaults(run=_check)

    playbook = commands.add_parser("playbook", help="check a playbook, or show what it says")
    parts = playbook.add_subparsers(metavar="ACTION", required=True)
    sound = parts.add_parser("check", help="check a playbook: coverage, names, wording")
    sound.add_argument("path", nargs="?", help="its folder (default: the one in the package)")
    sound.set_defaults(run=_check_playbook)
    shown = parts.add_parser("show", help="show what would be said in a situation")
    shown.add_argument("--emotion", choices=("none", *EMOTION_NAMES), default="none")
    shown.add_argument("--strength", choices=[label.name for label in STRENGTHS])
    shown.add_argument("--escalation", choices=[one.name for one in ESCALATION_LEVELS])
    shown.add_argument("--stage", choices=STAGES, default="opening")
    shown.add_argument("--channel", choices=CHANNELS, default="chat")
    shown.add_argument("--playbook", metavar="FOLDER", help="your own playbook")
    shown.set_defaults(run=_show_playbook)


def _add_context(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--channel", default="chat", metavar="|".join(CHANNELS))
    parser.add_argument("--stage", default="opening", metavar="|".join(STAGES))
    parser.add_argument("--name", help="how the customer is to be called")
    parser.add_argument(
        "--remedy",
        action="append",
        default=[],
        metavar="NAME",
        help=f"what may be offered: {', '.join(REMEDIES)}; repeat it for several",
    )
    parser.add_argument("--conversation", metavar="ID", help="replies vary with it")


def _context(arguments: argparse.Namespace) -> Context:
    return Context(
        channel=arguments.channel,
        stage=arguments.stage,
        customer_name=arguments.name,
        remedies=tuple(arguments.remedy),
        conversation_id=arguments.conversation,
    )


def _playbook(folder: str | None) -> Playbook:
    if folder is None:
        return own_playbook()
    playbook = read_playbook(Path(folder))
    check_playbook(playbook)
    return playbook


def _reply(arguments: argparse.Namespace) -> int:
    context, playbook = _context(arguments), _playbook(arguments.playbook)
    text = read_file("-") if arguments.text == "-" else arguments.text
    found = recommend(load(arguments.model).assess(text), context, playbook=playbook)
    if arguments.json:
        say(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show_reply(found)
    return 0


def _show_reply(found: Recommendation) -> None:
    say(f"{found.reply}\n")
    for move in found.moves:
        say(f"  {move.name:<15} {move.principle}")
    say(f"  {'action':<15} {found.action.replace('_', ' ')}")
    if found.pause:
        say(f"  {'pause':<15} {found.pause}")
    for entry in found.avoid:
        say(f"  {'avoid':<15} {entry.what}: {entry.reason}")
    if found.handover:
        say("\n  for the supervisor")
        say("\n".join(f"    {line}" for line in found.handover.splitlines()))


def _check(arguments: argparse.Namespace) -> int:
    context = _context(arguments)
    if arguments.message == arguments.draft == "-":
        raise InputError("--message and --draft cannot both be read from standard input.")
    message, draft = read_file(arguments.message), read_file(arguments.draft)
    playbook = _playbook(arguments.playbook)
    read = load(arguments.model).assess(message)
    found = check_reply(draft, read, context, playbook=playbook)
    if arguments.json:
        say(json.dumps([finding.to_dict() for finding in found], ensure_ascii=False, indent=2))
    else:
        for finding in found:
            _show_finding(draft, finding)
    return _FAULTS if any(finding.severity == "error" for finding in found) else 0


def _show_finding(draft: str, finding: Finding) -> None:
    words = " ".join(draft[finding.start : finding.end].split())
    place = f' "{words}"' if words else ""
    say(f"{finding.start}-{finding.end}: {finding.severity}: {finding.rule}:{place}")
    say(f"    {finding.reason}")
    if finding.better:
        say(f"    better: {finding.better}")


def _check_playbook(arguments: argparse.Namespace) -> int:
    playbook = read_playbook(Path(arguments.path) if arguments.path else None)
    check_playbook(playbook)
    sentences = sum(len(block.sentences) for block in playbook.says)
    say(
        f"The playbook is sound: {len(playbook.plans)} plans, {sentences} sentences for "
        f"{len(MOVES)} moves, {len(playbook.advice)} things to avoid."
    )
    return 0


def _show_playbook(arguments: argparse.Namespace) -> int:
    calm = arguments.emotion == "none"
    strength = arguments.strength or ("none" if calm else "clear")
    if (strength == "none") != calm:
        raise InputError(f"{arguments.emotion} cannot have the strength {strength}.")
    situation = Situation(
        arguments.emotion,
        strength,
        arguments.escalation or ("routine" if calm else "watch"),
        arguments.stage,
        arguments.channel,
        said="problem",
    )
    playbook = _playbook(arguments.playbook)
    plan = playbook.plan(situation)
    say(f"{' > '.join(plan.moves)}   ({plan.action.replace('_', ' ')})")
    for move in plan.moves:
        say(f"\n{move}: {MOVES[move]}")
        for block in playbook.sentences(move, situation):
            for sentence in block:
                say(f"  {sentence}")
            break
    return 0

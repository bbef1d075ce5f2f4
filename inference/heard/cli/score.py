"""``heard score``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from heard import __version__
from heard.analyzer import Analyzer
from heard.batch.counts import Counts
from heard.batch.output import deliver, rejects_file
from heard.batch.reporting import Report
from heard.batch.score import Sink, Stream, check_names, score
from heard.batch.source.csv_rows import Layout
from heard.batch.source.inputs import FORMATS, Input, find_inputs, format_of
from heard.batch.source.rows import Source
from heard.batch.work import open_work
from heard.cli.options import add_model_options, load_chosen
from heard.errors import InputError

__all__ = ["add_to"]

_STDOUT = "-"
_NOTHING_SCORED = 1
_TAB = ("tab", "\\t")


def add_to(commands: Any) -> None:  # noqa: ANN401 - argparse has no public name for it
    """Add this command to the command line's."""
    parser = commands.add_parser(
        "score",
        help="score files of messages: CSV, JSONL, Parquet",
        description="Score every message of CSV, JSONL or Parquet files, .gz and .zst too. Rows "
        "that cannot be read go to OUTPUT.rejects; an interrupted run goes on with --resume.",
    )
    parser.set_defaults(run=_score)
    parser.add_argument("input", nargs="+", help="files, folders, globs in quotes, or - for stdin")
    parser.add_argument(
        "--out", required=True, metavar="OUTPUT", help=".jsonl, .csv, .parquet, or - for stdout"
    )

    columns = parser.add_argument_group("columns")
    columns.add_argument("--text-column", metavar="NAME", help='the messages (default: "text")')
    columns.add_argument(
        "--id-column", metavar="NAME", help="what tells rows apart (default: file and row number)"
    )
    columns.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="NAME",
        help="a column of the input to have in the output; repeat it for several",
    )

    forms = parser.add_argument_group("formats")
    forms.add_argument("--input-format", choices=FORMATS, help="default: by name, stdin by content")
    forms.add_argument("--delimiter", help="of CSV: a character, or tab (default: guessed)")
    forms.add_argument(
        "--no-header", action="store_true", help="CSV without one: columns are named 1, 2, ..."
    )
    forms.add_argument(
        "--format",
        choices=("flat", "full"),
        default="flat",
        help="flat columns (default), or whole assessments, in JSONL alone",
    )

    going = parser.add_argument_group("going on")
    again = going.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on where a run was interrupted")
    again.add_argument("--force", action="store_true", help="replace OUTPUT, or begin anew")
    going.add_argument("--strict", action="store_true", help="stop at a row that cannot be read")

    report = parser.add_argument_group("report")
    report.add_argument("--report", metavar="FILE", help="write a page (HTML) on all of it")
    report.add_argument("--date-column", metavar="NAME", help="when a message was written")
    report.add_argument(
        "--outcome-column", metavar="NAME", help="whether, or when, its ticket really escalated"
    )

    cluster = parser.add_argument_group("more than one machine (docs/scale.md)")
    cluster.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="ray: with Ray Data; files may be URLs, and OUTPUT is a folder of parts in no order",
    )
    cluster.add_argument(
        "--address", help="the Ray cluster (default: $RAY_ADDRESS, this machine's, or a new one)"
    )
    cluster.add_argument(
        "--concurrency", type=int, metavar="N", help="actors, a CPU each (default: all CPUs)"
    )
    cluster.add_argument(
        "--part-rows", type=int, metavar="N", help="rows of a part of OUTPUT (default: 100000)"
    )

    add_model_options(parser)


def _score(arguments: argparse.Namespace) -> int:
    if arguments.engine == "ray":
        return _score_on_ray(arguments)
    for name in ("address", "concurrency", "part_rows"):
        if getattr(arguments, name) is not None:
            raise InputError(f"--{name.replace('_', '-')} is for --engine ray.")
    full = arguments.format == "full"
    out = None if arguments.out == _STDOUT else _output(Path(arguments.out), full=full)
    if out is None and arguments.resume:
        raise InputError("--resume needs a file: what standard output was given is not known.")
    ours = [] if out is None else [out, rejects_file(out)]
    page = [] if arguments.report is None else [Path(arguments.report)]
    source = _source(arguments, find_inputs(arguments.input, arguments.input_format, ours + page))
    report = _report(arguments, source, out)
    check_names(source.columns, full=full)
    source.check()
    analyzer = load_chosen(arguments)
    sink: Sink = Stream()
    began = time.monotonic()
    if out is None:
        score(analyzer, source, sink, full=full, strict=arguments.strict)
    else:
        sink = _score_to_file(arguments, analyzer, source, out, report)
    rejects = None if out is None else str(rejects_file(out))
    took = f"{time.monotonic() - began:,.0f} s{' since --resume' if arguments.resume else ''}"
    return _summary(sink.counts, arguments.out, rejects, report, took)


def _score_on_ray(arguments: argparse.Namespace) -> int:
    for name in ("resume", "threads", "report", "date_column", "outcome_column"):
        if getattr(arguments, name):
            raise InputError(f"--{name.replace('_', '-')} is for the local engine: leave it away.")
    for name in ("concurrency", "part_rows"):
        if (number := getattr(arguments, name)) is not None and number < 1:
            raise InputError(f"--{name.replace('_', '-')} must be 1 or more, not {number}.")
    try:
        from heard.batch.cluster.run import score_with_ray  # only here: it takes seconds
        from heard.batch.cluster.storage import REJECTS, find
    except ImportError as error:
        raise InputError(
            f"--engine ray needs {error.name}: install it with pip install 'heard[batch]'."
        ) from error
    full = arguments.format == "full"
    _check_format(Path(arguments.out), full=full)
    source = _source(arguments, find(arguments.input, arguments.input_format))
    check_names(source.columns, full=full)
    began = time.monotonic()
    counts = score_with_ray(
        load_chosen(arguments),
        source,
        arguments.out,
        full=full,
        strict=arguments.strict,
        force=arguments.force,
        address=arguments.address,
        concurrency=arguments.concurrency,
        part_rows=arguments.part_rows,
    )
    rejects = f"{arguments.out}/{REJECTS}"
    return _summary(counts, arguments.out, rejects, None, f"{time.monotonic() - began:,.0f} s")


def _output(out: Path, *, full: bool) -> Path:
    _check_format(out, full=full)
    if out.is_dir() or not out.parent.is_dir():
        raise InputError(f"{out} cannot be written: name a file in a folder that there is.")
    return out


def _check_format(out: Path, *, full: bool) -> None:
    form = format_of(out)
    if form is None or out.suffix.lower() in (".gz", ".zst"):
        raise InputError(f"{out} must end in .jsonl, .csv, .tsv or .parquet.")
    if full and form != "jsonl":
        raise InputError(f"Whole assessments are JSONL: name {out} .jsonl, or take --format flat.")


def _source(arguments: argparse.Namespace, inputs: Sequence[Input]) -> Source:
    delimiter = arguments.delimiter
    if delimiter in _TAB:
        delimiter = "\t"
    if delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise InputError(f"--delimiter must be one character, or tab, not {delimiter!r}.")
    return Source(
        inputs,
        text=arguments.text_column,
        identity=arguments.id_column,
        keep=[*arguments.keep, *_report_columns(arguments)],
        layout=Layout(delimiter, header=not arguments.no_header),
    )


def _report_columns(arguments: argparse.Namespace) -> list[str]:
    return [one for one in (arguments.date_column, arguments.outcome_column) if one is not None]


def _report(arguments: argparse.Namespace, source: Source, out: Path | None) -> Report | None:
    if arguments.report is None:
        if _report_columns(arguments):
            raise InputError("--date-column and --outcome-column are for --report: name its file.")
        return None
    path = Path(arguments.report)
    if out is None:
        raise InputError("--report needs the rows in a file: give --out one.")
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{path} cannot be written: name a file in a folder that there is.")
    if path.resolve() in (out.resolve(), rejects_file(out).resolve()):
        raise InputError(f"{path} is where rows are written: name another file for the page.")
    if path.exists() and not arguments.resume and not arguments.force:
        raise InputError(f"{path} is there already: name another file, or replace it with --force.")
    date, outcome = (
        None if column is None else source.name_of(column)
        for column in (arguments.date_column, arguments.outcome_column)
    )
    return Report(path, date, outcome)


def _score_to_file(
    arguments: argparse.Namespace,
    analyzer: Analyzer,
    source: Source,
    out: Path,
    report: Report | None,
) -> Sink:
    again = all(one.again for one in source.inputs)
    if arguments.resume and not again:
        raise InputError("Standard input cannot be read again: begin anew with --force.")
    run = {
        "input": [one.fingerprint() for one in source.inputs],
        "columns and formats": [
            arguments.text_column,
            source.columns,
            arguments.input_format,
            arguments.delimiter,
            arguments.no_header,
            arguments.format,
        ],
        "model": [analyzer.model.sha256, __version__],
        "thresholds": analyzer.thresholds.to_dict(),
    }
    with open_work(out, run, resume=arguments.resume, force=arguments.force) as work:
        try:
            if not work.done:
                with work.writing():
                    full = arguments.format == "full"
                    score(analyzer, source, work, full=full, strict=arguments.strict)
            if report is not None and work.rows.exists():
                report.write(work, source, analyzer)
            deliver(work, out, source.columns)
        except KeyboardInterrupt:
            if again:
                sys.stderr.write("heard: Interrupted: the same command with --resume goes on.\n")
            raise
    return work


def _summary(
    counts: Counts, out: str, rejects: str | None, report: Report | None, took: str
) -> int:
    """Say to a person what was done, and where rows and rejects are; give the exit code."""
    said = [f"{_counted(counts.scored, 'message')} scored in {took}", *counts.lines()]
    if counts.rejected:
        where = f": {rejects}" if rejects is not None else ""
        said.append(f"{_counted(counts.rejected, 'row')} rejected{where}")
    if out != _STDOUT:
        said.append(f"{out}, report {report.path}" if report else out)
    sys.stderr.write("".join(f"{line}\n" for line in said))
    return _NOTHING_SCORED if counts.rejected and not counts.scored else 0


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"

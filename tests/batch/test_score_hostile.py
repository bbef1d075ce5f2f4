"""Files as they come: bad rows are put aside with their line, and nothing of what they say."""

import gzip
import json
import subprocess
import sys

import pytest
from scoring import CALM, read, refused, rejects, score, scored

from heard.cli import main

WORDS = "the customer's own words"


def write(folder, data, name="in.csv"):
    (folder / name).write_bytes(data)
    return name


def test_bad_rows_of_csv_are_put_aside(tmp_path):
    rows = [
        b"\xef\xbb\xbfid,text",
        b'1,"two',  # line 2
        b'lines"',
        b"2,caf\xe9 " + WORDS.encode(),  # line 4
        b"",
        b"3," + WORDS.encode() + b",x",  # line 6
        b"4",  # line 7
        b"5,nul\0" + WORDS.encode(),  # line 8
        b"6,bare\rreturn " + WORDS.encode(),  # line 9
        b"7,fine",
        b'8,"' + WORDS.encode() + b" is never closed",  # line 11
        b"9,still fine",
    ]
    write(tmp_path, b"\r\n".join(rows))
    found = scored(tmp_path, "in.csv", "--id-column", "id", "--keep", "text")
    assert [row["id"] for row in found] == ["1", "7", "9"]
    assert found[0]["text"] == "two\r\nlines"
    assert [line for line, _ in rejects(tmp_path)] == [4, 6, 7, 8, 9, 11]
    reasons = [reason for _, reason in rejects(tmp_path)]
    words = ("UTF-8", "3 fields", "1 fields", "NUL", "carriage", "not closed")
    assert all(word in reason for word, reason in zip(words, reasons, strict=True))
    assert WORDS not in (tmp_path / "o.jsonl.rejects").read_text("utf-8")


def test_bad_rows_of_jsonl_are_put_aside(tmp_path):
    lines = [
        json.dumps({"id": 1, "text": CALM}),
        "",
        *(json.dumps({"id": 2, "text": value}) for value in (None, 5, ["x"], True)),  # 3 to 6
        json.dumps({"id": 3, "body": WORDS}),
        '{"id": 4, "text": "' + WORDS,
        '["x"]',
        '{"id": 5, "text": "\\ud800"}',
        json.dumps({"text": "no id"}),
        '{"id": NaN, "text": "x"}',
        "[" * 100_000,
        '{"id": ' + "1" * 5000 + ', "text": "x"}',
        json.dumps({"id": "\ud800", "text": "x"}),
        json.dumps({"id": 6, "text": ""}),
    ]
    write(tmp_path, "\n".join(lines).encode(), "in.jsonl")
    assert [row["id"] for row in scored(tmp_path, "in.jsonl", "--id-column", "id")] == [1, 6]
    assert [line for line, _ in rejects(tmp_path)] == list(range(3, 16))
    assert WORDS not in (tmp_path / "o.jsonl.rejects").read_text("utf-8")


def test_a_quote_that_is_never_closed_takes_one_row(tmp_path):
    rows = b"".join(b"%d,\n" % row for row in range(300))
    write(tmp_path, b'id,text\nx,"open\n' + rows)
    assert len(scored(tmp_path, "in.csv")) == 300
    assert rejects(tmp_path) == [(2, "a quote in it is not closed, or not doubled")]


def test_a_quote_that_the_next_one_seems_to_close_takes_one_row(tmp_path):
    rows = b"".join(b"%d,\n" % row for row in range(300))
    write(tmp_path, b'id,text\nx,"open\n' + rows + b'y,"and, then"\nz,"he said "no" twice"\n')
    assert len(scored(tmp_path, "in.csv")) == 301
    assert [line for line, _ in rejects(tmp_path)] == [2, 304]


def test_rows_longer_than_memory_are_put_aside(tmp_path):
    long = b"x" * (9 * 1024 * 1024)
    write(tmp_path, b"id,text\n1,\n2," + long + b'\n3,\n4,"' + long[:99] + b"\n" + long + b"\n5,\n")
    assert [row["row"] for row in scored(tmp_path, "in.csv")] == [1, 3, 6]
    assert [line for line, _ in rejects(tmp_path)] == [3, 5, 6]


def test_a_text_beyond_the_cap_is_read_and_marked(tmp_path):
    write(tmp_path, b"id,text\n1," + b" " * 30_000 + b"\n")
    assert [row["truncated"] for row in scored(tmp_path, "in.csv")] == [True]


def test_strict_stops_at_the_first(tmp_path):
    write(tmp_path, b"text\nfine\na,b\nfine\n")
    sentence = refused(score(tmp_path, "in.csv", "--out", "o.jsonl", "--strict"))
    assert "in.csv, line 3" in sentence
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_all_rows_bad_is_a_failure(tmp_path):
    write(tmp_path, b'{"body": "x"}\n', "in.jsonl")
    done = score(tmp_path, "in.jsonl", "--out", "o.jsonl")
    assert done.returncode == 1 and b"1 row rejected" in done.stderr
    assert read(tmp_path / "o.jsonl") == [] and rejects(tmp_path) == [(1, "it has no 'text'")]


@pytest.mark.parametrize(
    ("data", "name", "options", "word"),
    [
        ("id,body\n1,x\n".encode("utf-16"), "in.csv", (), "UTF-16"),
        ("".encode("utf-16") + b"x\0", "in.jsonl", (), "UTF-16"),
        (b"id,body\n1,x\n", "in.csv", (), "id, body"),
        (b"id,body\n1,x\n", "in.csv", ("--text-column", "message"), "'message'"),
        (b"text,text\n1,x\n", "in.csv", (), "2 columns"),
        (b"id,text\n1,x\n", "in.csv", ("--keep", "date"), "'date'"),
        (b"risk,text\n1,x\n", "in.csv", ("--keep", "risk"), "'risk'"),
        (b"1,x\n", "in.csv", ("--no-header", "--text-column", "3"), "from 1 to 2"),
        (b"caf\xe9,text\n1,x\n", "in.csv", (), "UTF-8"),
        (b"id,text\r1,x\r2,y\r", "in.csv", (), "carriage return"),
        (gzip.compress(b"text\n" + bytes(range(32, 127)) * 99)[:-20], "in.csv.gz", (), "cut off"),
        (b"PAR1 is all there is", "in.parquet", (), "Parquet"),
        (b"text\nx\n", "in.txt", (), "--input-format"),
        (b"text\nx\n", "in.csv", ("--delimiter", "::"), "one character"),
        (b"text\nx\n", "in.csv", ("--format", "full", "--out", "o.csv"), "JSONL"),
        (b"text\nx\n", "in.csv", ("--out", "o.xlsx"), ".parquet"),
        (b"text\nx\n", "in.csv", ("--out", "nowhere/o.csv"), "folder"),
        (b"text\nx\n", "in.csv", ("--out", "-", "--resume"), "--resume"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(
    tmp_path, monkeypatch, capsys, data, name, options, word
):
    write(tmp_path, data, name)
    monkeypatch.chdir(tmp_path)
    assert main(["score", name, "--out", "o.jsonl", *options]) == 2
    sentence = capsys.readouterr().err.strip()
    assert word in sentence and "\n" not in sentence
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("given", [("nothing*",), ("-", "in.csv"), ("empty",)])
def test_where_there_is_nothing_to_read(tmp_path, given):
    (tmp_path / "empty").mkdir()
    assert given[0] in refused(score(tmp_path, *given, "--out", "o.jsonl"))


def test_a_first_line_that_is_a_message_is_not_shown(tmp_path):
    write(tmp_path, f"1,{WORDS} are long and many\n2,x\n".encode())
    sentence = refused(score(tmp_path, "in.csv", "--out", "o.jsonl"))
    assert WORDS not in sentence and "--no-header" in sentence


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
def test_memory_stays_flat(tmp_path):
    """Blank messages run no graph, so that many rows are quick; real ones stand between."""
    lines = (f"{row},{CALM if row % 1000 == 0 else ''}\n" for row in range(20_000))
    write(tmp_path, ("id,text\n" + "".join(lines)).encode())
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "score", "in.csv", "--out", "o.parquet"],
        cwd=tmp_path,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) * 1024 < 400e6


#: Not by getrusage, whose peak begins with that of the process that started this one.
MEASURED = """
import pathlib, re, sys, heard.cli
code = heard.cli.main()
print(re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
sys.exit(code)
"""

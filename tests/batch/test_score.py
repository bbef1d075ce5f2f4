"""What `heard score` reads and writes: formats, columns, summary."""

import csv
import datetime
import gzip
import io
import json
import os
import subprocess
import sys

import pytest
from scoring import ANGRY, CALM, read, refused, rejects, score, scored

from heard.batch.columns import COLUMNS, flat

NAMES = [name for name, _ in COLUMNS]
TABLE = f'id,date,text\n7,2025-03-01,{CALM}\n8,2025-03-02,"{ANGRY}"\n9,,\n'
OBJECTS = [
    {"id": 7, "date": "2025-03-01", "text": CALM},
    {"id": 8, "date": "2025-03-02", "text": ANGRY},
    {"id": 9, "date": None, "text": ""},
]


@pytest.fixture
def table(tmp_path):
    (tmp_path / "in.csv").write_text(TABLE, "utf-8")
    return tmp_path


def objects(folder, name="in.jsonl"):
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in OBJECTS), "utf-8")


def test_flat_columns_are_those_of_the_library(analyzer, table):
    wanted = [flat(one) for one in analyzer.assess_many([CALM, ANGRY, ""])]
    assert [list(row) for row in wanted] == [NAMES] * 3
    kinds = {
        type(value) is kind
        for row in wanted
        for value, (_, kind) in zip(row.values(), COLUMNS, strict=True)
    }
    assert kinds == {True}
    rows = scored(table, "in.csv", "--id-column", "id")
    assert rows == [{"id": place, **row} for place, row in zip("789", wanted, strict=True)]
    assert rows[1]["signals"].split()[0] == "asks_for_manager"


def test_full_is_the_whole_assessment(analyzer, table):
    rows = scored(table, "in.csv", "--id-column", "id", "--format", "full")
    assert rows[1] == {"id": "8", **analyzer.assess(ANGRY).to_dict()}


def test_without_an_id_rows_are_told_apart_by_file_and_number(table):
    (table / "more.csv").write_text(TABLE, "utf-8")
    rows = scored(table, "in.csv", "more.csv")
    assert [(row["file"], row["row"]) for row in rows] == [
        (name, row) for name in ("in.csv", "more.csv") for row in (1, 2, 3)
    ]


def test_columns_of_the_input_are_carried(table):
    rows = scored(table, "in.csv", "--id-column", "id", "--keep", "date", "--keep", "text")
    assert [row["date"] for row in rows] == ["2025-03-01", "2025-03-02", ""]
    assert rows[1]["text"] == ANGRY
    assert list(rows[0]) == ["id", "date", "text", *NAMES]


@pytest.mark.parametrize("out", ["o.csv", "o.tsv", "o.parquet"])
def test_all_formats_say_the_same(tmp_path, out):
    parquet = pytest.importorskip("pyarrow.parquet")
    objects(tmp_path)
    options = ("in.jsonl", "--id-column", "id", "--keep", "date")
    wanted = scored(tmp_path, *options)
    assert score(tmp_path, *options, "--out", out).returncode == 0
    if out == "o.parquet":
        found = parquet.read_table(tmp_path / out)
        assert found.to_pylist() == wanted
        assert str(found.schema.field("id").type) == "int64"
    else:
        text = (tmp_path / out).read_text("utf-8")
        found = list(csv.reader(io.StringIO(text), delimiter="," if out == "o.csv" else "\t"))
        as_text = [
            [
                "" if v is None else str(v).lower() if isinstance(v, bool) else str(v)
                for v in row.values()
            ]
            for row in wanted
        ]
        assert found == [list(wanted[0]), *as_text]


def test_parquet_gives_mixed_columns_as_text(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = [{"text": "", "id": 1, "n": 1}, {"text": "", "id": "b", "n": 0.5}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    done = score(tmp_path, "in.jsonl", "--id-column", "id", "--keep", "n", "--out", "o.parquet")
    assert done.returncode == 0
    found = parquet.read_table(tmp_path / "o.parquet").to_pylist()
    assert [(row["id"], row["n"]) for row in found] == [("1", 1.0), ("b", 0.5)]


def test_an_empty_file_and_a_mere_header_give_an_empty_table(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "header.csv").write_text("id,text\n", "utf-8")
    assert scored(tmp_path, "empty.csv", "header.csv") == []
    assert score(tmp_path, "header.csv", "--out", "o.parquet").returncode == 0
    assert parquet.read_schema(tmp_path / "o.parquet").names == ["file", "row", *NAMES]
    assert score(tmp_path, "empty.csv", "--out", "o.csv").returncode == 0
    assert (tmp_path / "o.csv").read_text().splitlines() == [",".join(["file", "row", *NAMES])]


def test_parquet_is_read(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    when = pyarrow.array([1, 2, None], pyarrow.timestamp("ns"))
    texts = pyarrow.array([CALM, None, "caf\xe9"]).dictionary_encode()
    table = pyarrow.table({"id": [1, 2, 3], "when": when, "text": texts})
    parquet.write_table(table, tmp_path / "in.parquet")
    rows = scored(tmp_path, "in.parquet", "--id-column", "id", "--keep", "when")
    assert [row["id"] for row in rows] == [1, 3]
    assert datetime.datetime.fromisoformat(rows[0]["when"]).year == 1970
    assert rejects(tmp_path) == [(2, "The message is nothing, not text")]
    done = score(tmp_path, "in.parquet", "--text-column", "body", "--out", "x.jsonl")
    assert "id, when, text" in refused(done)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_compressed_files_are_read(table, name, ending):
    pyarrow = pytest.importorskip("pyarrow")
    objects(table)
    with pyarrow.CompressedOutputStream(
        str(table / (name + ending)), {".gz": "gzip", ".zst": "zstd"}[ending]
    ) as file:
        file.write((table / name).read_bytes())
    options = ("--id-column", "id", "--force")
    assert scored(table, name + ending, *options) == scored(table, name, *options)


def test_a_folder_and_a_glob_are_read_in_order_without_what_we_write(table):
    (table / "sub").mkdir()
    with gzip.open(table / "sub/b.csv.gz", "wt") as file:
        file.write("text\nfine\n")
    (table / "notes.txt").write_text("no table")
    (table / ".hidden.csv").write_text("text\nx\n")
    places = [(row["file"], row["row"]) for row in scored(table, ".")]
    assert places == [("in.csv", 1), ("in.csv", 2), ("in.csv", 3), ("sub/b.csv.gz", 1)]
    assert [(row["file"], row["row"]) for row in scored(table, ".", "--force")] == places
    assert len(scored(table, "**/*.csv*", "in.csv", "--force")) == 4


@pytest.mark.parametrize(
    "stdin",
    [TABLE.encode(), "\n".join(map(json.dumps, OBJECTS)).encode(), gzip.compress(TABLE.encode())],
)
def test_streams_from_standard_input_to_standard_output(tmp_path, stdin):
    done = score(tmp_path, "-", "--out", "-", "--id-column", "id", stdin=stdin)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [str(row["id"]) for row in rows] == ["7", "8", "9"]
    assert b"3 messages scored" in done.stderr and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("header", [True, False])
def test_the_delimiter_is_found(tmp_path, delimiter, header):
    text = "Hello, you; and | more\tor less"
    rows = [["id", "text"], ["1", text], ["2", "fine"]][0 if header else 1 :]
    with (tmp_path / "in.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    how = () if header else ("--no-header", "--text-column", "2", "--keep", "1")
    found = scored(tmp_path, "in.csv", *how, *(("--keep", "text") if header else ("--keep", "2")))
    assert [row["text" if header else "column_2"] for row in found] == [text, "fine"]


def test_a_delimiter_can_be_given(tmp_path):
    (tmp_path / "in.csv").write_text("id^text\n1^a,b\n2^c\n")
    assert len(scored(tmp_path, "in.csv", "--delimiter", "^")) == 2
    (tmp_path / "tab.csv").write_text("id\ttext\n1\ta,b\n")
    assert len(scored(tmp_path, "tab.csv", "--delimiter", "tab", "--force")) == 1


def test_a_summary_and_no_bar_without_a_terminal(table):
    done = score(table, "in.csv", "--out", "o.csv")
    assert done.stdout == b"" and b"\r" not in done.stderr
    said = done.stderr.decode()
    assert "3 messages scored" in said and "critical" in said and said.endswith("o.csv\n")
    assert CALM not in said


def test_a_bar_on_a_terminal(table):
    termios = pytest.importorskip("termios")
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    subprocess.run(
        [sys.executable, "-m", "heard", "score", "in.csv", "--out", "o.csv"],
        cwd=table,
        stderr=theirs,
        check=True,
        timeout=120,
    )
    os.close(theirs)
    said = b""
    while b"o.csv" not in said:
        said += os.read(ours, 65536)
    assert b"a second" in said and b"left" in said and b"\r" in said


def test_a_threshold_changes_decisions(table):
    rows = scored(table, "in.csv", "--threshold", "escalation=0,0,0")
    assert {row["escalation"] for row in rows} == {"critical"}


def test_all_is_written_again_by_force_and_old_rejects_go(table):
    (table / "bad.csv").write_text("text\nfine\na,b\n")
    scored(table, "bad.csv")
    assert rejects(table) and read(table / "o.jsonl")
    assert "--force" in refused(score(table, "in.csv", "--out", "o.jsonl"))
    assert len(scored(table, "in.csv", "--force")) == 3
    assert not (table / "o.jsonl.rejects").exists() and not (table / "o.jsonl.work").exists()


def test_a_report_says_the_same_of_flat_and_of_full_rows(tmp_path):
    rows = f'text,when,escalated\n{CALM},2025-03-01,no\n"{ANGRY}",2025-03-02,yes\n'
    (tmp_path / "in.csv").write_text(rows)
    pages = []
    for form in ("flat", "full"):
        columns = ("--date-column", "when", "--outcome-column", "escalated")
        found = scored(
            tmp_path, "in.csv", "--report", "r.html", *columns, "--format", form, "--force"
        )
        assert [row["escalated"] for row in found] == ["no", "yes"]
        pages.append((tmp_path / "r.html").read_text("utf-8"))
    assert pages[0] == pages[1]
    assert "in.csv, row 2" in pages[0] and "2 messages" in pages[0] and "2025-03-01" in pages[0]
    assert ANGRY not in pages[0]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--report", "r.html", "--out", "-"), "--report"),
        (("--report", "nowhere/r.html"), "nowhere"),
        (("--report", "in.csv"), "name another file"),
        (("--date-column", "date"), "--report"),
        (("--report", "r.html", "--date-column", "day"), "'day'"),
    ],
)
def test_a_report_that_cannot_be_written(table, options, word):
    assert word in refused(score(table, "in.csv", "--out", "o.jsonl", *options))
    assert [path.name for path in table.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b'"id";"text, of it"\n1;"one, two"\n', ["--text-column", "text, of it"]),
        (b"sep=;\r\nid;text\r\n1;one, two\r\n", []),
        (b"\xef\xbb\xbfSEP=|\nid|text\n1|one, two\n", []),
    ],
)
def test_the_delimiter_of_spreadsheets_is_found(tmp_path, data, texts):
    (tmp_path / "in.csv").write_bytes(data)
    found = scored(tmp_path, "in.csv", "--id-column", "id", *texts)
    assert [row["id"] for row in found] == ["1"]


@pytest.mark.parametrize(
    ("given", "out", "page"),
    [
        (["in.csv"], "out.csv", "in.csv"),
        (["in.csv"], "out.csv", "out.csv"),
        (["in.csv"], "out.csv", "out.csv.rejects"),
        (["other.csv", "in.csv"], "in.csv", "page.html"),
        (["in.csv"], "./in.csv", "page.html"),
    ],
)
def test_no_file_is_both_read_and_written_nor_written_twice(tmp_path, given, out, page):
    for name in ("in.csv", "other.csv"):
        (tmp_path / name).write_text(f"text\n{CALM}\n")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    done = score(tmp_path, *given, "--out", out, "--report", page, "--force")
    assert "name another file" in refused(done)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_without_the_column_is_told_of_before_anything_is_scored(tmp_path):
    (tmp_path / "a.csv").write_text(f"id,text\n1,{CALM}\n")
    (tmp_path / "b.csv").write_text(f"id,body\n1,{CALM}\n")
    done = score(tmp_path, ".", "--out", "o.jsonl")
    assert "b.csv" in refused(done) and "'text'" in refused(done)
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "b.csv"}

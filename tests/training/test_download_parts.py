"""Annotations without texts, texts found by hash, and files of every kind read as records."""

import bz2
import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Dataset

from heard.labels import TARGET_NAMES
from heard_training.data.download.annotations import Annotation, read_annotations, strip
from heard_training.data.download.candidates import candidates
from heard_training.data.download.join import Matcher
from heard_training.data.download.places import Place, place_of
from heard_training.data.download.records import read_records
from heard_training.errors import TrainingError

ROOT = Path(__file__).resolve().parents[2]
WORDS = "Nobody called me back about the broken heater."


def row(**changes):
    levels = dict.fromkeys(TARGET_NAMES, 0)
    spans = {"problem": [[0, 21]], "need": [], "feeling": []}
    identity = {"source": "acme", "source_id": "acme-1", "text": WORDS}
    return identity | {"levels": levels, "signals": [], "spans": spans} | changes


def written(folder, rows, name="messages/train.jsonl"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_stripped_rows_hold_labels_and_no_words(tmp_path):
    other = "Heizung kaputt 😡"
    views = [{"levels": {"angry": 2}, "signals": [], "spans": {"feeling": [[15, 16]]}}, {}]
    dev = row(text=other, source_id="b", annotations=views, sample="rare", comment=other)
    del dev["spans"]
    written(tmp_path, [row(source_id="z", title=WORDS), row()])
    written(tmp_path, [dev], "messages/dev.jsonl")
    strip(tmp_path, tmp_path / "out")
    files = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert sorted(files) == ["dev.jsonl", "train.jsonl"]
    for word in ("Nobody", "heater", "Heizung", "kaputt", "\\ud83d"):
        assert word not in "".join(files.values())
    train = [json.loads(line) for line in files["train.jsonl"].splitlines()]
    assert [row["source_id"] for row in train] == ["acme-1", "z"]
    assert train[0]["sha256"] == hashlib.sha256(WORDS.encode()).hexdigest()
    assert train[0]["spans"] == row()["spans"] and train[0]["annotation_count"] == 1
    (found,) = [row for row in read_annotations(tmp_path / "out") if row.split == "dev"]
    assert found.characters == 16 and found.labels["annotation_count"] == 2
    assert found.labels["annotations"] == views and found.labels["sample"] == "rare"
    assert found.with_text(other)["text"] == other
    with pytest.raises(TrainingError, match="b is not the one labelled"):
        found.with_text(WORDS)


BROKEN = [
    ({"text": None}, "no `text`"),
    ({"sha256": "00"}, "sha256 is not that of the text"),
    ({"source_id": WORDS}, "source_id must be a name"),
    ({"sample": WORDS}, "sample must be a name"),
    ({"levels": {WORDS: 1}}, "levels must be 0 to 3"),
    ({"levels": {"angry": True}}, "levels must be 0 to 3"),
    ({"signals": [WORDS]}, "signals must be a list"),
    ({"spans": {"problem": [[0, 99]]}}, "within 46 characters"),
    ({"spans": {"problem": [WORDS]}}, "within 46 characters"),
    ({"annotations": [{"levels": {}, "why": WORDS}]}, "and nothing else"),
    ({"annotations": WORDS}, "must be a list of labellings"),
]


@pytest.mark.parametrize(("changes", "said"), BROKEN)
def test_a_row_that_could_carry_words_is_refused_without_quoting_it(tmp_path, changes, said):
    written(tmp_path, [row(), row(**changes)])
    with pytest.raises(TrainingError, match=said) as caught:
        strip(tmp_path, tmp_path / "out")
    assert "line 2" in str(caught.value) and WORDS not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": WORDS}, "no field 'text'"),
        ({"sha256": "x"}, "64 hexadecimal"),
        ({"characters": 20}, "within 20 characters"),
        ({"characters": "46"}, "must be a number"),
        ({"annotation_count": 2}, "the number of annotations"),
    ],
)
def test_broken_annotations_are_named(tmp_path, changes, said):
    strip(written(tmp_path, [row()]), tmp_path)
    sound = json.loads((tmp_path / "train.jsonl").read_text())
    written(tmp_path, [sound | changes], "train.jsonl")
    with pytest.raises(TrainingError, match=said):
        read_annotations(tmp_path)


def test_missing_and_unreadable_files_are_named(tmp_path):
    with pytest.raises(TrainingError, match="neither train"):
        read_annotations(tmp_path)
    with pytest.raises(TrainingError, match="neither messages/train"):
        strip(tmp_path, tmp_path / "out")
    (tmp_path / "train.jsonl").write_bytes(b'{"a": "\xff"}\n')
    with pytest.raises(TrainingError, match="line 1 is not JSON in UTF-8"):
        read_annotations(tmp_path)


def test_committed_annotations_hold_no_text():
    """Every value is a number, a hash, or a name without spaces."""

    def strings(value):
        if isinstance(value, dict):
            value = [*value, *value.values()]
        if isinstance(value, list):
            return [found for one in value for found in strings(one)]
        return [value] if isinstance(value, str) else []

    rows = read_annotations(ROOT / "data/annotations")  # checks offsets against lengths
    assert len(rows) == 6268 + 634
    for path in (ROOT / "data/annotations").iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not [s for s in strings(json.loads(line)) if " " in s or len(s) > 64]


def wanted(text, source_id="acme-sha1-0"):
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Annotation("train", "acme", source_id, digest, len(text), {})


@pytest.mark.parametrize(
    "candidate",
    [
        "A & B\n <ok>",
        "  A & B\n <ok>\n",
        "A &amp; B\n &lt;ok&gt;",
        "A & B\r\n <ok>",
        "\r\nA &amp; B\r\n &lt;ok&gt;\r\n",
        "A & B\n <ok> and so on",
    ],
)
def test_a_text_is_found_in_its_variants(candidate):
    matcher = Matcher([wanted("A & B\n <ok>")], cut=[11])
    matcher.offer(candidate)
    assert list(matcher.found.values()) == ["A & B\n <ok>"] and not matcher.missing


def test_runs_of_white_space_may_be_one():
    matcher = Matcher([wanted("A B C")])
    matcher.offer("A  B\n\tC ")
    assert list(matcher.found.values()) == ["A B C"]


@pytest.mark.parametrize("candidate", ["a & b", "A & B.", "A &", "", "A & B\ud800"])
def test_nothing_is_guessed(candidate):
    matcher = Matcher([wanted("A & B")])
    matcher.offer(candidate, "7")
    assert matcher.found == {} and len(matcher.missing) == 1


def test_a_beginning_counts_by_id_or_by_a_known_cut_only():
    rows = [wanted("abcde", "acme-7"), wanted("abcdefgh")]
    matcher = Matcher(rows, cut=[8])
    matcher.offer("abcdefg", "8")
    assert matcher.found == {}
    matcher.offer("abcdefghi", "8")
    assert list(matcher.found.values()) == ["abcdefgh"]
    matcher.offer("abcdefghi", "7")
    assert {*matcher.found.values()} == {"abcdefgh", "abcde"}


def test_a_hash_in_an_id_is_no_id():
    matcher = Matcher([wanted("abcde", "acme-sha1-77")])
    matcher.offer("abcdefghi", "sha1-77")
    assert matcher.found == {}


def test_what_has_no_wanted_length_is_never_hashed(monkeypatch):
    hashed = []
    monkeypatch.setattr(
        "heard_training.data.download.join.sha256_of", lambda text: hashed.append(text)
    )
    matcher = Matcher([wanted("x" * 1000), wanted("y" * 30, "acme-7")], cut=[1000, 500])
    matcher.offer("z " * 5000, "9")
    matcher.offer("z" * 31, "9")
    assert hashed == [("z " * 500)]
    matcher.offer("z" * 31, "7")
    assert hashed[1:] == ["z" * 30]


RECORDS = [{"a": "one,\n\"two\" 'é'"}, {"a": "three"}]


def packed():
    table = pa.Table.from_pylist(RECORDS)
    parquet = io.BytesIO()
    pq.write_table(table, parquet)
    text = 'a\n"one,\n""two"" \'é\'"\nthree\n'
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("deep/x.csv", text)
        files.writestr("readme.txt", "nothing")
    return {
        "x.csv": text.encode("utf-8-sig"),
        "x.csv.gz": gzip.compress(text.encode()),
        "X.CSV.BZ2": bz2.compress(text.encode()),
        "x.zip": archive.getvalue(),
        "x.jsonl": lines.encode() + b"\n",
        "x.json": json.dumps(RECORDS, indent=1).encode(),
        "y.json": lines.encode(),
        "x.parquet": parquet.getvalue(),
    }


@pytest.mark.parametrize("name", packed())
def test_files_of_every_kind_give_their_strings(name, tmp_path):
    (tmp_path / name).write_bytes(packed()[name])
    found = [record for record in read_records(tmp_path / name) if record != {"a": "a"}]
    assert found == RECORDS


def test_a_folder_is_read_in_whole(tmp_path):
    for name, content in packed().items():
        (tmp_path / "below").mkdir(exist_ok=True)
        (tmp_path / "below" / name).write_bytes(content)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/x.json").write_text("not to be read")
    (tmp_path / "notes.txt").write_text("nor this")
    Dataset.from_list(RECORDS).save_to_disk(tmp_path / "saved")
    found = [record["a"] for record in read_records(tmp_path) if "a" in record]
    assert found.count("three") == len(packed()) + 1


def test_a_long_json_file_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr("heard_training.data.download.records._PIECE", 7)
    path = tmp_path / "x.json"
    path.write_text(json.dumps([*RECORDS, ["bare", 12]], indent=1))
    assert list(read_records(path))[:3] == [*RECORDS, {"": "bare"}]


def test_a_stray_quote_swallows_nothing(tmp_path):
    path = tmp_path / "x.tsv"
    path.write_text('id\ttext\n1\t"so they say\n2\t"said ""no"" twice"\n3\tx\textra\n')
    assert [record.get("text") for record in read_records(path)][1:] == [
        '"so they say',
        ['"said ""no"" twice"', 'said "no" twice'],
        "x",
    ]


def test_a_byte_that_is_not_utf8_spoils_its_own_record_only(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"text\ncaf\xe9\nwell\n")
    assert [record["text"] for record in read_records(tmp_path / "x.csv")][2] == "well"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.zip", b"secret words", "damaged or cut short"),
        ("x.csv.gz", gzip.compress(b"secret words" * 99)[:-20], "damaged or cut short"),
        ("x.csv.bz2", b"secret words", "damaged or cut short"),
        ("x.jsonl", b'{"a": "secret words"', "as JSON"),
        ("x.json", b'[{"a": "secret words"}, {"a": ', "as JSON"),
        ("x.parquet", b"secret words", "not what its name says"),
        ("x.arrow", b"secret words", "not what its name says|damaged"),
        ("x.doc", b"secret words", "nothing that can be read"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_quoted(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TrainingError, match=said) as caught:
        list(read_records(tmp_path / name))
    assert name in str(caught.value) and "secret" not in str(caught.value)


def test_columns_are_preferred_and_not_required(tmp_path):
    (tmp_path / "x.csv").write_text("text,title,n\nHi,Ho,7\n")
    place = Place("given", str(tmp_path / "x.csv"), columns=("text",), id="n")
    assert list(candidates(place, tmp_path)) == [("text", "n"), ("Hi", "7")]
    other = Place("given", str(tmp_path / "x.csv"), columns=("body",))
    assert ("Ho", None) in list(candidates(other, tmp_path))


@pytest.mark.parametrize(
    ("fetch", "said"),
    [
        ({"kind": "ftp"}, "say `kind`"),
        ({"kind": "archive"}, "needs `url`"),
        ({"kind": "hub", "path": "a/b", "url": "x"}, "no key 'url'"),
        ({"kind": "given", "how": "Ask.", "cut": ["1000"]}, "cut = "),
        ({"kind": "given", "how": "Ask.", "pieces": "no group"}, "pieces = "),
        ({"kind": "given", "how": "Ask.", "pieces": "("}, "pieces = "),
    ],
)
def test_a_broken_table_is_named(fetch, said):
    with pytest.raises(TrainingError, match=said):
        place_of("acme", {"fetch": fetch}, None)


def test_places_follow_the_table_and_the_user(tmp_path):
    hub = {"fetch": {"kind": "hub", "path": "a/b", "revision": "r", "columns": ["text"]}}
    assert place_of("acme", hub, None) == Place("hub", "a/b", revision="r", columns=("text",))
    assert place_of("acme", hub, "c/d") == Place("hub", "c/d", columns=("text",))
    assert place_of("acme", hub, str(tmp_path)).kind == "given"
    assert place_of("acme", {}, "https://a.b/c.zip") == Place("archive", "https://a.b/c.zip")
    assert "acme=PATH" in place_of("acme", {}, None)

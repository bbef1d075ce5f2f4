"""Labels go to a spreadsheet and to Label Studio, and come back as they were given."""

import csv
import json
from xml.etree import ElementTree

import pytest

pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

from heard.labels import SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard_training.cli import main
from heard_training.config import Heads, load_config
from heard_training.data.corpus import build_corpus
from heard_training.data.labels.entry import Entry
from heard_training.data.labels.label_studio import interface, write_tasks
from heard_training.data.labels.read_back import read_labels
from heard_training.data.labels.sheet import write_sheet
from heard_training.data.labels.tables import read_table, write_table
from heard_training.errors import TrainingError

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1 800",
    "-- still waiting",
    "@AcmeHelp why?",
    "'=already guarded",
    "''@twice",
    "'quoted' from the start",
    '"quotes", commas; and\ttabs',
    "\ttab first",
    "two\nlines\r\nand a third\r",
    "＝wide",  # noqa: RUF001
    " spaces around ",
)
FULL = {
    "levels": dict(zip(TARGET_NAMES, (3, 2, 0, 1, 2), strict=True)),
    "signals": {name: name in ("abusive", "goes_public") for name in SIGNAL_NAMES},
    "spans": {"problem": [[4, 14]], "need": [], "feeling": [[17, 22], [25, 31]]},
}
TEXT = "The 🧾🧾 refund, 😡 angry, 🤬 livid\r\nWhere?"


def entry(text, given, analyzer, key="1"):
    about = {"id": key, "uncertainty": 0.5, "unsure": "", "model": ""}
    return Entry(about, text, given, analyzer.assess(text), 0.5)


def labels_of(message):
    """The labels of a message that came back, in the form in which they were given."""
    view = message.views[0]
    known = {name: view.signal(name) for name in SIGNAL_NAMES}
    return {
        "levels": dict(view.levels),
        "signals": {name: there for name, there in known.items() if there is not None},
        "spans": {k: [list(pair) for pair in pairs] for k, pairs in (view.spans or {}).items()},
    }


def exported(path):
    """What Label Studio exports after every prediction was submitted as it is."""
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for task in tasks:
        task.setdefault("annotations", [{"result": task["predictions"][0]["result"]}])
        task["annotations"][0] |= {"was_cancelled": False, "lead_time": 3.1}
    return tasks


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_any_cells_are_read_back_as_they_were(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("table") / "table.csv"
    rows = [["x", cell] for cell in (*HOSTILE, *cells)]
    write_table(path, ["key", "text"], rows)
    assert [[row["key"], row["text"]] for _, row in read_table(path)] == rows
    with path.open(encoding="utf-8-sig", newline="") as file:
        written = [cell for row in csv.reader(file) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in written)


@pytest.mark.parametrize("text", [TEXT, *HOSTILE])
def test_a_sheet_brings_back_levels_and_signals(text, analyzer, tmp_path):
    path = tmp_path / "sheet.csv"
    some = {"levels": {"angry": 0}, "signals": {"abusive": False, "goes_public": True}}
    other = f"{text} (again)"
    write_sheet(path, [entry(text, FULL, analyzer), entry(other, some, analyzer, "=2")])
    full, partly = read_labels([path], Heads())
    assert (full.text, partly.text) == (text, other)
    assert labels_of(full) == FULL | {"spans": {}} and full.gold.spans is None
    assert labels_of(partly) == some | {"spans": {}}
    assert partly.source_id == "sheet-=2"


def test_empty_rows_of_a_sheet_are_not_labels(analyzer, tmp_path):
    path = tmp_path / "sheet.csv"
    write_sheet(path, [entry("one", {}, analyzer), entry("two", FULL, analyzer)])
    assert [message.text for message in read_labels([path], Heads())] == ["two"]
    write_sheet(path, [entry("one", {}, analyzer)])
    with pytest.raises(TrainingError, match="holds no labels"):
        list(read_labels([path], Heads()))


def test_a_sheet_may_be_saved_by_any_spreadsheet(tmp_path):
    path = tmp_path / "saved.csv"
    path.write_bytes("\ufefftext;angry;abusive;goes_public\r\n'@Acme again?;2;TRUE;\r\n".encode())
    (message,) = read_labels([path], Heads())
    assert message.text == "@Acme again?"
    assert labels_of(message) == {"levels": {"angry": 2}, "signals": {"abusive": True}, "spans": {}}


@pytest.mark.parametrize("text", [TEXT, HOSTILE[0] + " " * 40, "www.example.com is down again!!"])
@pytest.mark.parametrize(
    "given_labels",
    [
        FULL,
        {"levels": {"angry": 2}, "signals": {}, "spans": {}},
        {"levels": {}, "signals": dict.fromkeys(SIGNAL_NAMES, False), "spans": {"need": []}},
        {"levels": {}, "signals": {"abusive": True, "legal_or_regulator": False}, "spans": {}},
        {"levels": {}, "signals": {"abusive": False}, "spans": {"feeling": [[0, 3]]}},
    ],
)
def test_label_studio_brings_back_everything(given_labels, text, analyzer, tmp_path):
    tasks, export = tmp_path / "tasks.json", tmp_path / "export.json"
    write_tasks(tasks, [entry(text, given_labels, analyzer)])
    export.write_text(json.dumps(exported(tasks)))
    (message,) = read_labels([export], Heads())
    # A browser shows every line break as one.
    assert message.text == text.replace("\r\n", "\n")
    assert labels_of(message) == given_labels


def test_predictions_that_are_submitted_are_what_the_model_said(analyzer, tmp_path):
    text = "Third time I write 😡😡 and still no refund. I want a manager NOW, you liars!"
    tasks, export = tmp_path / "tasks.json", tmp_path / "export.json"
    write_tasks(tasks, [entry(text, {}, analyzer)])
    export.write_text(json.dumps(exported(tasks)))
    (message,) = read_labels([export], Heads())
    found, back = analyzer.assess(text), labels_of(message)
    assert back["levels"]["escalation"] == found.escalation.level > 0
    assert {name for name, there in back["signals"].items() if there} == {
        signal.name for signal in found.signals
    }
    spans = {kind: [[s.start, s.end] for s in found.spans[kind]] for kind in SPAN_NAMES}
    assert back["spans"] == spans and any(spans.values())
    for item in json.loads(tasks.read_text())[0]["predictions"][0]["result"]:
        if item["type"] == "labels":
            value = item["value"]
            assert text[value["start"] : value["end"]] == value["text"]


def export_of(text, *results, **task):
    annotations = [{"result": list(result)} for result in results]
    return [{"id": 7, "data": {"text": text}, "annotations": annotations} | task]


def choice(name, *values):
    value = {"choices": list(values)}
    return {"from_name": name, "to_name": "text", "type": "choices", "value": value}


def words(start, end, said, kind="feeling"):
    value = {"start": start, "end": end, "text": said, "labels": [kind]}
    return {"id": "x", "from_name": "spans", "to_name": "text", "type": "labels", "value": value}


def test_offsets_of_older_label_studios_are_told_by_the_words(tmp_path):
    path = tmp_path / "export.json"
    text = "😡😡 so angry"
    path.write_text(json.dumps(export_of(text, [words(8, 13, "angry")])))
    (message,) = read_labels([path], Heads())
    ((start, end),) = message.gold.spans["feeling"]
    assert text[start:end] == "angry"
    path.write_text(json.dumps(export_of(text, [words(1, 4, "angry")])))
    with pytest.raises(TrainingError, match=r"export\.json, task 7: the words"):
        list(read_labels([path], Heads()))


def test_several_labellers_are_several_views_and_skipped_tasks_none(tmp_path):
    one, two = [choice("angry", "1 slight")], [choice("angry", "3 strong")]
    tasks = export_of("So late again.", one, two, [])
    tasks += export_of("Skipped.", one) + export_of("Not labelled.")
    tasks[1]["annotations"][0]["was_cancelled"] = True
    export, sheet = tmp_path / "export.json", tmp_path / "sheet.csv"
    export.write_text(json.dumps(tasks))
    sheet.write_text("text,angry\nSo late again.,1\n")
    (message,) = read_labels([export, sheet], Heads())
    assert [view.levels["angry"] for view in message.views] == [1, 3, 1]
    assert message.gold.levels == {"angry": 1}


def test_the_interface_offers_every_label():
    root = ElementTree.fromstring(interface())  # noqa: S314 - our own
    offered = {
        made.get("name"): [value.get("value") for value in made]
        for made in root
        if made.tag in ("Choices", "Labels")
    }
    assert offered["spans"] == list(SPAN_NAMES)
    assert offered["signals"] == [*SIGNAL_NAMES, "none of these"]
    assert all(len(offered[name]) == 4 for name in TARGET_NAMES)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("x.csv", "text,angry\nsecret words,5\n", "line 2: angry is '5', not 0 to 3"),
        ("x.csv", "text,abusive\nsecret words,maybe\n", "yes or no"),
        ("x.csv", "text,angry\nhi," + "secret words " * 9 + "\n", "a cell of"),
        ("x.csv", "body,angry\nsecret words,1\n", "no sheet of labels"),
        ("x.csv", "text,notes\nsecret words,1\n", "no sheet of labels"),
        ("x.csv", "text,angry\n,1\n", "no text"),
        ("x.csv", "text,angry\nhi\n", "holds no labels"),
        ("x.json", "{}", "choose JSON"),
        ("x.json", "[3]", "choose JSON"),
        ("x.json", "secret words", "not JSON"),
        ("x.json", '[{"text": "secret words", "angry": "1 slight"}]', "not as JSON-MIN"),
        ("x.json", '[{"data": {"text": "a"}, "annotations": [{"result": [{}]}]}]', "not as Label"),
        ("x.json", json.dumps(export_of("hi", [choice("angry", "4 furious")])), "angry is none"),
        ("x.json", json.dumps(export_of("hi", [choice("signals", "x")])), "contradict"),
        (
            "x.json",
            json.dumps(export_of("hi", [choice("signals", "abusive", "none of these")])),
            "contradict",
        ),
        ("x.json", json.dumps(export_of("hi", [words(0, 2, "hi", "secret")])), "spans must be"),
        ("x.json", json.dumps(export_of("hi", [words(0, 2, 5)])), "not as Label"),
        ("x.xml", "<View/>", "neither"),
    ],
)
def test_a_file_that_cannot_be_read_back_ends_with_one_sentence(
    name, content, word, tiny_config, tmp_path, capsys
):
    path, out = tmp_path / name, tmp_path / "run"
    path.write_text(content)
    command = ["prepare", "--config", str(tiny_config), "--labels", str(path), "--out", str(out)]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and word in error and "secret words" not in error
    assert not out.exists()


def test_columns_that_are_no_labels_are_named(tmp_path, caplog):
    path = tmp_path / "sheet.csv"
    path.write_text("text,angry,angri,notes\nhi,1,2,see above\n")
    assert len(list(read_labels([path], Heads()))) == 1
    assert "angri, notes" in caplog.text and "see above" not in caplog.text


def test_prepare_trains_on_labels_and_they_count_instead_of_older_ones(
    tiny_config, tiny_data, analyzer, tmp_path, capsys
):
    config = load_config(tiny_config)
    before, _ = build_corpus(config)
    again, test = before["train"]["text"][0], before["test"]["text"][0]
    path, out = tmp_path / "next.csv", tmp_path / "run"
    partly = {"levels": {"angry": 3}, "signals": {"abusive": True}}
    texts = [f"A new message of the kind {kind}." for kind in "abcdefgh"]
    write_sheet(path, [entry(text, partly, analyzer) for text in (*texts, again.upper(), test)])
    command = ["prepare", "--config", str(tiny_config), "--labels", str(path), "--out", str(out)]
    assert main(command) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["left_out_as_labelled_anew"] == {before["train"]["source"][0]: 1}
    assert said["left_out_as_in_dev_or_test"]["labels"] == 1
    corpus, _ = build_corpus(load_config(tiny_config, labels=[str(path)]))
    rows = [row for split in corpus.values() for row in split if row["source"] == "labels"]
    assert {row["text"] for row in rows} == {*texts, again.upper()}
    for row in rows:
        assert row["level_mask"] == [[1, 1, 1]] + [[0, 0, 0]] * 4
        assert sum(row["signal_mask"]) == 1 and row["span_mask"] == [0, 0, 0]

"""One's own CSV file: what its cells are taken for, what is wrong with it, where its rows go."""

import csv
import dataclasses
import json

import numpy as np
import pytest

from heard.labels import SIGNAL_NAMES, TARGET_NAMES

pytest.importorskip("torch")

from heard_training.cli import main
from heard_training.config import load_config
from heard_training.data.calibration.prefer import is_own, prefer
from heard_training.data.corpus import UNKNOWN, build_corpus, read_rows
from heard_training.data.own.read import held_out, read_own
from heard_training.data.own.report import own_page
from heard_training.errors import TrainingError
from heard_training.measure.answers import Gold

ANGRY, HUMILIATED = TARGET_NAMES.index("angry"), TARGET_NAMES.index("humiliated")
CHARGED = SIGNAL_NAMES.index("disputed_charge")


@pytest.fixture
def own(tmp_path, tiny_config):
    """Write rows to a file, and read it with these keys of [data.csv]."""

    def make(rows, labels, *, raw=None, **keys):
        path = tmp_path / "own.csv"
        if raw is not None:
            path.write_bytes(raw)
        else:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        table = {"path": str(path), "text_column": "body", "labels": labels, **keys}
        return load_config(tiny_config, csv=table)

    return make


def texts(count, **cells):
    return [{"body": f"Message number {'x' * place}.", **cells} for place in range(1, count + 1)]


def only(config):
    return {message.text: message for message in read_own(config).messages}


MOODS = {"column": "mood", "values": {"Mad": 2, "fine": 0, "n/a": "unknown"}}


def test_values_are_levels_and_empty_or_unknown_cells_are_masked(own):
    rows = [
        {"body": "One.", "mood": " MAD "},
        {"body": "Two.", "mood": "fine"},
        {"body": "Three.", "mood": "n/a"},
        {"body": "Four.", "mood": ""},
    ]
    rows = [{**row, "till": "yes"} for row in rows]
    config = own(rows, {"angry": MOODS, "humiliated": {"column": "till"}})
    found = only(config)
    assert [m.gold.levels.get("angry") for m in found.values()] == [2, 0, None, None]
    corpus, summary = build_corpus(config)
    masks = {
        row["text"]: np.array(row["level_mask"])
        for split in corpus.values()
        for row in split
        if row["source"] == "own"
    }
    assert masks["One."][ANGRY].tolist() == [1, 1, 1]
    assert masks["Four."][ANGRY].tolist() == [0, 0, 0]
    # Everything else that no column says, too.
    assert masks["One."].sum() == 4 and summary["rows"]["train"] > 0


@pytest.mark.parametrize("yes, no", [("yes", "no"), ("True", "FALSE"), ("1", "0"), ("1.0", "0.0")])
def test_yes_and_no_say_nothing_of_stronger_levels(own, tmp_path, yes, no):
    rows = [{"body": "One.", "till": yes}, {"body": "Two.", "till": no}]
    config = own(rows, {"humiliated": {"column": "till"}})
    rows = [
        {"text": message.text, "levels": dict(message.gold.levels)}
        for message in read_own(config).messages
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    read = read_rows(path, config.heads)
    assert np.array(read["level_mask"])[:, HUMILIATED].tolist() == [[1, 0, 0], [1, 0, 0]]
    gold = Gold.of(read)
    assert gold.levels[:, HUMILIATED].tolist() == [UNKNOWN, UNKNOWN]
    assert gold.expressed[:, HUMILIATED].tolist() == [1, 0]
    known, truth = gold.reached(HUMILIATED, 1)
    assert known.all() and truth.tolist() == [True, False]
    assert not gold.reached(HUMILIATED, 2)[0].any()


def test_numbers_beyond_one_are_levels(own):
    rows = [{"body": f"{n}.", "mood": str(n)} for n in ("0", "1.0", "3")]
    found = only(own(rows, {"angry": {"column": "mood"}}))
    assert [m.gold.levels["angry"] for m in found.values()] == [0, 1, 3]
    assert all(type(m.gold.levels["angry"]) is int for m in found.values())


def test_tags_are_found_among_others_and_a_row_without_any_says_nothing(own):
    rows = [
        {"body": "One.", "tags": "app; Billing"},
        {"body": "Two.", "tags": "rebilling"},
        {"body": "Three.", "tags": ""},
    ]
    config = own(rows, {"disputed_charge": {"column": "tags", "contains": "billing"}, "angry": "x"})
    with pytest.raises(TrainingError, match="no column 'x'"):
        read_own(config)
    config = own(rows, {"disputed_charge": {"column": "tags", "contains": "billing"}})
    found = only(config)
    assert [m.gold.signal("disputed_charge") for m in found.values()] == [True, False]
    assert read_own(config).report["unlabelled"]["count"] == 1


@pytest.mark.parametrize(
    ("labels", "keys", "said"),
    [
        ({"angy": {"column": "mood"}}, {}, "'angy' (did you mean 'angry'?)"),
        ({"angry": {"column": "mod"}}, {}, "no column 'mod' (did you mean 'mood'?)"),
        ({"angry": {"colum": "mood"}}, {}, "no key 'colum' (did you mean 'column'?)"),
        ({"angry": {"column": "mood"}}, {"text_column": "bdy"}, "(did you mean 'body'?)"),
        ({"angry": {"column": "mood"}}, {"text_colum": "body"}, "(did you mean 'text_column'?)"),
        (
            {"angry": {"column": "mood", "values": {"mad": 2, "fine": 0}}},
            {},
            "'madd' in 2 rows (did you mean 'mad'?)",
        ),
        ({"angry": {"column": "mood", "values": {"mad": 4}}}, {}, "level from 0 to 3"),
        ({"angry": {"column": "mood", "values": {"mad": True, "fine": 2}}}, {}, "mixes levels"),
        ({"abusive": {"column": "mood", "values": {"mad": 2}}}, {}, "true and false"),
        ({"abusive": {"column": "mood", "contains": ["mat"]}}, {}, "(did you mean 'mad'?)"),
        ({"angry": {"column": "mood"}}, {"unmapped": "drop"}, "error or mask"),
        ({"angry": {"column": "mood"}}, {"test_share": 0.9, "calibration_share": 0.2}, "shares"),
        ({}, {}, "--label LABEL=COLUMN"),
    ],
)
def test_a_mistake_is_answered_with_the_nearest_name(own, labels, keys, said):
    rows = [{"body": f"{n}.", "mood": mood} for n, mood in enumerate(["mad", "madd", "madd"])]
    with pytest.raises(TrainingError) as error:
        read_own(own(rows, labels, **keys))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_values_that_nobody_knows_can_be_masked_and_long_ones_are_never_repeated(own):
    words = "somebody's own words that are no label at all"
    rows = [{"body": "One.", "mood": words}, {"body": "Two.", "mood": "fine"}]
    with pytest.raises(TrainingError) as error:
        read_own(own(rows, {"angry": MOODS}))
    assert "somebody" not in str(error.value) and f"{len(words)} characters" in str(error.value)
    found = read_own(own(rows, {"angry": MOODS}, unmapped="mask"))
    assert [m.text for m in found.messages] == ["Two."]
    assert "somebody" not in own_page(found.report)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"body,mood\nHi,1,2\n", "line 2 has 3 cells"),
        (b'body,mood\n"Hi,1\nHo,2\n', "line 2: the quotes"),
        (b'body,mood\n"Hi" you,1\n', "line 2: the quotes"),
        (b"body,mood\nok,1\ncaf\xe9,2\n", "line 3 is not utf-8"),
        (b"body,body\nHi,1\n", "'body' twice"),
        (b"", "is empty"),
        (b"body,mood\n", "no rows"),
        (b"body,mood\n,1\n  ,2\n", "has no texts"),
        (b"body,mood\nHi,\n", "No row"),
    ],
)
def test_a_file_that_is_none_is_refused_by_line(own, raw, said):
    with pytest.raises(TrainingError, match=r"own\.csv") as error:
        read_own(own(None, {"angry": {"column": "mood"}}, raw=raw))
    assert said in str(error.value) and "\n" not in str(error.value)
    assert "Hi" not in str(error.value) and "caf" not in str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_files_as_spreadsheets_write_them(own, encoding, mark):
    lines = [mark.join(("body", "mood", "note")), mark.join(('"Hi;\nthere, ""you"""', "2", ""))]
    raw = "\r\n".join([*lines, "", ""]).encode(encoding)
    (found,) = read_own(own(None, {"angry": {"column": "mood"}}, raw=raw)).messages
    assert found.text == 'Hi;\nthere, "you"'
    assert found.gold.levels == {"angry": 2}


def test_one_text_is_one_message_and_contradictions_are_told(own):
    rows = [
        {"body": "Where is it?", "mood": "Mad"},
        {"body": " where  IS it? ", "mood": "fine"},
        {"body": "Where is it?", "mood": "Mad"},
        {"body": "", "mood": "fine"},
    ]
    found = read_own(own(rows, {"angry": MOODS}))
    (message,) = found.messages
    assert len(message.views) == 3 and message.gold.levels == {"angry": 2}
    report = found.report
    assert report["empty"] == {"count": 1, "first": ["own.csv:5"]}
    assert report["repeated"]["count"] == report["contradictory"]["count"] == 1
    assert "contradict" in own_page(report) and "Where" not in own_page(report)


def test_groups_are_never_cut_and_stay_where_they_are(own):
    rows = [
        {"body": f"Row {n}, case {'y' * n}.", "mood": "fine", "who": f"c{n % 40}"}
        for n in range(200)
    ]
    keys = {"group_column": "who"}
    splits = {m.text: m.split for m in read_own(own(rows, {"angry": MOODS}, **keys)).messages}
    by_group = {}
    for row in rows:
        by_group.setdefault(row["who"], set()).add(splits[row["body"]])
    assert {len(found) for found in by_group.values()} == {1}
    assert set(splits.values()) == {"train", "calibrate", "dev"}
    more = [{"body": "New.", "mood": "fine", "who": "new"}, *rows[::-1]]
    again = {m.text: m.split for m in read_own(own(more, {"angry": MOODS}, **keys)).messages}
    assert {text: again[text] for text in splits} == splits


def test_a_text_that_both_sides_have_is_held_out_and_a_near_one_is_told(own):
    template = "Dear all, my order {} has not arrived and nobody has called me back about it"
    rows = [
        {"body": template.format(1), "mood": "fine", "set": "train"},
        {"body": template.format(22), "mood": "fine", "set": "test"},
        {"body": "Hello there.", "mood": "fine", "set": "train"},
        {"body": "hello there.", "mood": "fine", "set": "Test"},
        {"body": "Something else.", "mood": "fine", "set": "dev"},
    ]
    found = read_own(own(rows, {"angry": MOODS}, split_column="set"))
    assert [m.split for m in found.messages] == ["train", "dev", "dev", "calibrate"]
    assert found.report["nearly_trained_on"] == {"count": 1, "first": ["own.csv:3"]}
    assert "flatter" in own_page(found.report)
    rows[0]["set"] = "trian"
    with pytest.raises(TrainingError, match=r"own\.csv:2.*did you mean 'train'"):
        read_own(own(rows, {"angry": MOODS}, split_column="set"))


def test_own_rows_that_stand_in_the_evaluation_rows_are_not_learned_from(own, authored_rows):
    (first,) = [row for row in authored_rows if row["split"] == "test"][:1]
    rows = [{"body": first["text"], "mood": "fine", "set": "train"}, *texts(3, mood="Mad", set="")]
    _, summary = build_corpus(own(rows, {"angry": MOODS}, split_column="set"))
    assert summary["left_out_as_in_dev_or_test"]["own"] == 1


def test_a_share_of_the_authored_rows_is_learned_from(own):
    rows = texts(20, mood="Mad")
    whole, _ = build_corpus(own(rows, {"angry": MOODS}))
    config = own(rows, {"angry": MOODS})
    part = dataclasses.replace(config, data=dataclasses.replace(config.data, authored_share=0.3))
    some, summary = build_corpus(part)
    counts = [corpus["train"]["source"].count("authored") for corpus in (whole, some)]
    assert 0 < counts[1] < counts[0] / 2
    assert summary["authored_not_learned_from"] == counts[0] - counts[1]
    for split in ("calibrate", "test", "dev"):
        assert some[split]["text"] == whole[split]["text"]


def test_held_out_messages_are_read_back_as_they_were(own, tmp_path):
    rows = [
        {"body": "One.", "mood": "Mad", "till": "yes", "tags": "billing", "set": "test"},
        {"body": "Two.", "mood": "", "till": "no", "tags": "", "set": "test"},
        {"body": "Three.", "mood": "fine", "till": "", "tags": "app", "set": "train"},
    ]
    labels = {
        "angry": MOODS,
        "humiliated": {"column": "till"},
        "disputed_charge": {"column": "tags", "contains": ["billing"]},
    }
    config = own(rows, labels, split_column="set")
    path = tmp_path / "held_out.jsonl"
    path.write_text("".join(f"{line}\n" for line in held_out(read_own(config))))
    read = read_rows(path, config.heads)
    assert read["text"][:] == ["One.", "Two."]
    gold = Gold.of(read)
    assert gold.levels[:, ANGRY].tolist() == [2, UNKNOWN]
    assert gold.expressed[:, HUMILIATED].tolist() == [1, 0]
    assert gold.signals[:, CHARGED].tolist() == [1, UNKNOWN]


def test_an_output_is_calibrated_on_own_rows_where_they_suffice(tiny_config):
    heads = load_config(tiny_config).heads

    def row(source, level, present):
        levels = [[0.0] * 3 for _ in heads.levels]
        levels[ANGRY] = [float(level >= k) for k in (1, 2, 3)]
        return {
            "source": source,
            "level_targets": levels,
            "level_mask": [[1.0] * 3 for _ in heads.levels],
            "signal_targets": [float(present)] * len(heads.signals),
            "signal_mask": [1.0] * len(heads.signals),
        }

    rows = [row("own", place % 2, present=place == 0) for place in range(80)]
    rows.append(row("authored", 3, present=True))
    assert prefer(rows, is_own, heads) == ["angry >= 1"]
    assert rows[-1]["level_mask"][ANGRY] == [0.0, 1.0, 1.0]
    assert rows[0]["level_mask"][ANGRY] == [1.0, 1.0, 1.0]
    assert rows[-1]["signal_mask"] == [1.0] * len(heads.signals)


def test_the_command_line_says_what_it_understood(own, tiny_config, tmp_path, capsys):
    rows = [{**row, "who": f"c{n}"} for n, row in enumerate(texts(40, angry_level="2", rude="no"))]
    path = tmp_path / "own.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    out, report = tmp_path / "run", tmp_path / "report.json"
    command = ["prepare", "--config", str(tiny_config), "--csv", str(path), "--out", str(out)]
    command += ["--text-column", "body", "--group-column", "who", "--json", str(report)]
    assert main([*command, "--label", "angry=angry_level", "--label", "abusive=rude"]) == 0
    said = capsys.readouterr().out
    assert "| angry | angry_level | levels | 40 | 40 |" in said
    assert "no = no (40)" in said and "whole groups of 'who'" in said
    written = json.loads(report.read_text())
    assert written["own"]["labels"]["angry"]["known"] == 40
    assert (out / "held_out.jsonl").read_text().count("\n") == written["sources"]["dev"]["own"]
    assert main([*command, "--label", "angy=angry_level"]) == 2
    assert "did you mean 'angry'" in capsys.readouterr().err
    assert main([*command, "--label", "angry"]) == 2
    assert "LABEL=COLUMN" in capsys.readouterr().err


def test_the_bundle_names_no_column_of_ones_own(own):
    config = own(texts(2, mood="Mad"), {"angry": MOODS})
    assert config.to_dict()["data"]["csv"] == "a local file"
    assert "own.csv" not in json.dumps(config.to_dict())

"""`heard-train suggest`: open and unlike messages are chosen, planted wrong labels are found."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from heard.labels import SIGNAL_NAMES, TARGET_NAMES
from heard_training.cli import main
from heard_training.config import load_config
from heard_training.data.corpus import build_corpus
from heard_training.data.identity import essence
from heard_training.suggest.choose import choose, openness
from heard_training.suggest.embed import embed
from heard_training.suggest.messages import Unlabelled
from heard_training.suggest.outputs import OUTPUTS, chances, thresholds

ROOT = Path(__file__).resolve().parents[2]
COUNT = 8


@pytest.fixture(scope="module")
def pool(authored_rows):
    """Messages that the tiny corpus does not hold, many of them said twice in other digits."""
    texts = [row["text"] for row in authored_rows[240:]]
    return [
        *(Unlabelled(f"m{place}", text) for place, text in enumerate(texts)),
        *(Unlabelled(f"again{place}", f"{text} #{place}!") for place, text in enumerate(texts)),
        Unlabelled("foreign", "Llevo tres semanas esperando mi pedido y nadie me contesta."),
        Unlabelled("empty", " \n"),
    ]


@pytest.fixture(scope="module")
def chosen(analyzer, pool):
    return choose(analyzer, pool, COUNT, set(), seed=20)


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_chosen_messages_are_more_open_than_others(analyzer, pool, chosen):
    choices, _ = chosen
    assert len({choice.message.id for choice in choices}) == COUNT
    found = analyzer.assess_many(message.text for message in pool if message.text.strip())
    line = thresholds(analyzer.thresholds)
    usual = np.mean([openness(chances(one), line).mean() for one in found])
    assert np.mean([choice.uncertainty for choice in choices]) > 1.1 * usual
    assert all(set(choice.unsure) <= set(OUTPUTS) for choice in choices)


def test_no_two_chosen_messages_are_alike(analyzer, chosen):
    choices, left_out = chosen
    vectors = embed(analyzer, [choice.message.text for choice in choices])
    alike = vectors @ vectors.T - np.eye(COUNT)
    assert alike.max() < 0.95
    assert not any(choice.message.id.startswith("again") for choice in choices)
    assert left_out["like others"] >= 100
    assert left_out["not in English"] == left_out["without words"] == 1


def test_they_stand_for_more_of_the_messages_than_the_most_open_ones(analyzer, pool, chosen):
    # Asked for all, it takes all, so that the most open ones can be told.
    everything, _ = choose(analyzer, pool, len(pool), set(), seed=20)
    all_vectors = embed(analyzer, [choice.message.text for choice in everything])

    def nearest(choices):
        vectors = embed(analyzer, [choice.message.text for choice in choices])
        return (all_vectors @ vectors.T).max(axis=1).mean()

    most_open = sorted(everything, key=lambda choice: -choice.uncertainty)[:COUNT]
    assert nearest(chosen[0]) > nearest(most_open)


def test_the_seed_decides_and_nothing_else(analyzer, pool, chosen):
    ids = [choice.message.id for choice in chosen[0]]
    again, _ = choose(analyzer, pool, COUNT, set(), seed=20)
    other, _ = choose(analyzer, pool, COUNT, set(), seed=21)
    assert ids == [choice.message.id for choice in again]
    assert ids != [choice.message.id for choice in other]


def test_a_decision_is_most_open_at_its_threshold():
    share = np.array([0.01, 0.2, 0.5, 0.99])
    bits = openness(share, np.full(4, 0.2))
    assert bits.argmax() == 1 and bits[1] == pytest.approx(1)
    assert (bits >= 0).all()


def test_an_embedding_is_that_of_the_text_alone(analyzer):
    texts = ["My parcel is late.", "thanks", "word " * 600]
    together = embed(analyzer, texts)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1)
    for text, vector in zip(texts, together, strict=True):
        assert embed(analyzer, [text])[0] == pytest.approx(vector, abs=1e-5)


def test_the_command_leaves_out_what_is_labelled_and_writes_no_sheet_over_another(
    tiny_config, tmp_path, capsys, caplog
):
    corpus, _ = build_corpus(load_config(tiny_config))
    known = corpus["train"]["text"][:5]
    new = [f"The {thing} broke after a day and nobody answers my mail!" for thing in "abcdefgh"]
    path, out = tmp_path / "inbox.csv", tmp_path / "out"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows(
            [("nr", "body"), *((place, text) for place, text in enumerate([*known, *new]))]
        )
    command = ["suggest", "--messages", str(path), "--text-column", "body", "--id-column", "nr"]
    command += ["--config", str(tiny_config), "--count", "3", "--out", str(out)]
    assert main(command) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["left_out"]["labelled already"] == 5 and said["chosen"] == 3
    rows = rows_of(out / "next.csv")
    assert len(rows) == 3
    assert all(row["text"] in new and int(row["id"]) >= 5 for row in rows)
    assert not any(row[name] for row in rows for name in (*TARGET_NAMES, *SIGNAL_NAMES))
    assert "trained on other rows" in caplog.text
    assert not any(text in caplog.text for text in [*known, *new])
    assert main(command) == 2
    assert "may hold labels" in capsys.readouterr().err


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """Authored test rows of which ten are given labels that no reader would."""
    path = tmp_path_factory.mktemp("planted") / "mine.jsonl"
    rows = []
    for name in ("retail", "finance", "tech"):
        lines = (ROOT / f"data/authored/{name}.jsonl").read_text("utf-8").splitlines()
        rows += [row for row in map(json.loads, lines) if row["split"] == "test"]
    calm = [row for row in rows if not row["signals"] and not row["levels"]["escalation"]]
    wrong = [row["id"] for row in calm[:10]]
    for row in calm[:5]:
        row["levels"]["frustrated"] = 3
    for row in calm[5:10]:
        row["signals"] = ["repeat_contact"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path, wrong


def test_planted_wrong_labels_are_found_and_come_first(planted, tiny_config, tmp_path, capsys):
    pytest.importorskip("cleanlab")
    path, wrong = planted
    command = ["suggest", "--labelled", str(path), "--config", str(tiny_config)]
    assert main([*command, "--out", str(tmp_path)]) == 0
    said = json.loads(capsys.readouterr().out)
    rows = rows_of(tmp_path / "doubts.csv")
    assert said["in_doubt"] >= len(rows) >= 9
    assert len({row["id"] for row in rows} & set(wrong)) >= 9
    assert len({row["id"] for row in rows[:12]} & set(wrong)) >= 7
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores)
    first = next(row for row in rows if row["id"] == wrong[0])
    assert first["label"].startswith("frustrated >= ") and first["given"] == "yes"
    assert float(first["chance"]) < 0.5 and first["frustrated"] == "3"


def test_rows_that_the_model_learned_from_are_not_doubted(
    tiny_config, tiny_data, tmp_path, capsys, caplog
):
    pytest.importorskip("cleanlab")
    rows = (tiny_data / "authored/dignity.jsonl").read_text().splitlines()
    path, out = tmp_path / "mine.jsonl", tmp_path / "out"
    path.write_text("\n".join(rows))
    command = ["suggest", "--labelled", str(path), "--config", str(tiny_config)]
    assert main([*command, "--out", str(out)]) == 0
    said = json.loads(capsys.readouterr().out)
    learned = {essence(text) for text in build_corpus(load_config(tiny_config))[0]["train"]["text"]}
    known = [row for row in rows if essence(json.loads(row)["text"]) in learned]
    assert said["left_out"]["learned from"] == len(known) > 50
    assert f"{len(known)} messages that the model learned from" in caplog.text
    path.write_text("\n".join(known))
    assert main([*command, "--out", str(tmp_path / "other")]) == 2
    assert "only messages that the model learned from" in capsys.readouterr().err


def test_labels_of_too_few_rows_are_not_judged_and_unknown_ones_are_not_doubted(
    planted, tiny_config, tmp_path, capsys
):
    pytest.importorskip("cleanlab")
    path = tmp_path / "mine.jsonl"
    rows = [json.loads(line) for line in planted[0].read_text().splitlines()]
    for row in rows:
        row["levels"] = {"frustrated": row["levels"]["frustrated"]}
        row["signals"] = {"threat_of_harm": False}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["suggest", "--labelled", str(path), "--config", str(tiny_config)]
    assert main([*command, "--out", str(tmp_path / "out")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert "threat_of_harm" in said["too_few_to_judge"]
    doubted = rows_of(tmp_path / "out/doubts.csv")
    assert doubted and all(row["label"].startswith("frustrated") for row in doubted)
    assert all(row["abusive"] == "" and row["threat_of_harm"] == "no" for row in doubted)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("inbox.csv", b"a,b\n1,2\n", "'text'"),
        ("inbox.csv", b'text\n"never closed', "quotes of this row"),
        ("inbox.csv", b"text\nso, they said\n", "double quotes"),
        ("inbox.csv", b"text,text\na,b\n", "'text' twice"),
        ("inbox.csv", b"", "is empty"),
        ("inbox.csv", b"text\n", "no messages"),
        ("inbox.csv", "text\nça\n".encode("cp1252"), "UTF-8"),
        ("inbox.jsonl", b'{"text": 3}\n', "'text'"),
        ("inbox.jsonl", b'{"text": "secret words\\u0000"}\n', "NUL"),
        ("inbox.txt", b"\n\n", "no messages"),
        ("inbox.xlsx", b"PK", "no kind"),
        ("inbox.txt", b"123 !!!\n\xc2\xbf?\n", "2 without words"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_one_sentence(
    name, content, word, tiny_config, tmp_path, capsys
):
    (tmp_path / name).write_bytes(content)
    command = ["suggest", "--messages", str(tmp_path / name), "--config", str(tiny_config)]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert word in error and "secret" not in error
    assert not (tmp_path / "out").exists()


def test_without_cleanlab_the_mend_is_named(tmp_path):
    code = (
        "import sys; sys.modules['cleanlab'] = None\n"
        "from heard_training.cli import main\n"
        f"raise SystemExit(main(['suggest', '--labelled', {str(tmp_path / 'x.jsonl')!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and ".[train,label]" in done.stderr

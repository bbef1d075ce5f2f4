"""Other labels than heard's own: declared in a configuration, trained by the same code."""

import json

import pytest

from heard_training.config import load_config
from heard_training.data.corpus import build_corpus
from heard_training.errors import TrainingError
from heard_training.run import export_run, run_all

WORDS = {"joy": "what a lovely day", "grief": "we lost our old dog", "neutral": "it is tuesday"}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A table of three labels, 30 rows a split; some rows have two labels."""
    folder = tmp_path_factory.mktemp("texts") / "moods"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        rows = []
        for n in range(30):
            first, second = n % 3, (n + 1) % 3
            both = n % 10 == 0
            words = list(WORDS.values())
            text = f'{words[first]}{", and " + words[second] if both else ""} "{n}"'
            rows.append(f"{text}\t{f'{first},{second}' if both else first}\t{split}{n}\n")
        (folder / f"{split}.tsv").write_text("".join(rows), encoding="utf-8")
    (folder / "emotions.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    (folder.parent / "sources.toml").write_text("[moods]\ntrain = true\n")
    return folder


@pytest.fixture
def config(table, tiny_encoder, tmp_path):
    def made(signals=tuple(WORDS), **data):
        path = tmp_path / "moods.toml"
        path.write_text(
            f"""
            [data]
            authored = ""
            label_table = "moods"
            sources = "{table.parent / "sources.toml"}"
            texts = "{table.parent}"
            [heads]
            levels = []
            signals = {json.dumps(list(signals))}
            spans = []
            [network]
            encoder = "{tiny_encoder}"
            window = 48
            overlap = 8
            [fit]
            epochs = 25
            learning_rate = 2e-3
            head_learning_rate = 5e-3
            bf16 = false
            [calibrate]
            resamplings = 10
            """,
            encoding="utf-8",
        )
        return load_config(path, **data)

    return made


def test_official_splits_are_taken_as_they_are(config):
    corpus, summary = build_corpus(config())
    assert summary["rows"] == {"train": 30, "calibrate": 30, "test": 30, "dev": 0}
    # Texts that stand in two splits stay in both: published figures rest on the splits as they are.
    assert set(corpus["train"]["text"]) & set(corpus["test"]["text"])
    assert corpus["train"]["gold_signals"][0] == [1, 1, 0]
    assert corpus["train"]["text"][1].endswith(' "1"')


@pytest.mark.slow
def test_the_whole_way_from_a_table_to_figures(config, tmp_path):
    measured = run_all(config(), tmp_path / "out")
    assert set(measured["labels"]) == set(WORDS)
    assert measured["tuned"]["macro_f1"] > 0.8
    assert measured["rows"] == {"calibrate": 30, "test": 30}
    assert json.loads((tmp_path / "out/benchmark.json").read_text()) == measured
    assert not (tmp_path / "out/bundle").exists()
    with pytest.raises(TrainingError, match="no bundle can be made"):
        export_run(config(), tmp_path / "out")


def test_labels_other_than_the_tables_own_are_refused(config):
    with pytest.raises(TrainingError, match="in that order"):
        build_corpus(config(signals=("grief", "joy", "neutral")))


def test_a_table_that_is_not_there_is_named(config, tmp_path):
    with pytest.raises(TrainingError, match="--texts"):
        build_corpus(config(texts=str(tmp_path)))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("only text\n", "1 columns"),
        ("text\t7\tid\n", "0 to 2"),
        ("a\t\tb\n", "0 to 2"),
        (" \t1\tid\n", "no text"),
    ],
)
def test_bad_rows_are_named(config, table, tmp_path, line, reason):
    folder = tmp_path / "copy/moods"
    folder.mkdir(parents=True)
    (folder / "train.tsv").write_text(line)
    with pytest.raises(TrainingError, match=f"row 1.*{reason}"):
        build_corpus(config(texts=str(folder.parent)))


def test_a_name_given_twice_is_refused(config):
    with pytest.raises(TrainingError, match="'joy' twice"):
        config(signals=("joy", "joy"))

"""GoEmotions' files, made from a data set as its authors published them."""

import hashlib

import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value

from heard_training.data.download.goemotions import FILES, write_goemotions
from heard_training.data.download.places import Place
from heard_training.errors import TrainingError

SPLITS = ("train", "validation", "test")
ROWS = {"text": ['A\t"tab"\nand more', " so "], "labels": [[0], [0, 1]], "id": ["e1", "e2"]}
PUBLISHED = b'"A ""tab"" and more"\t0\te1\n so \t0,1\te2\n'
FEATURES = Features(
    {
        "text": Value("string"),
        "labels": List(ClassLabel(names=["joy", "grief"])),
        "id": Value("string"),
    }
)


@pytest.fixture
def place(tmp_path):
    for split in SPLITS:
        rows = Dataset.from_dict(ROWS, features=FEATURES)
        rows.to_parquet(tmp_path / f"data/simplified/{split}-0.parquet")
    files = "".join(f"  - split: {split}\n    path: simplified/{split}-*\n" for split in SPLITS)
    card = f"---\nconfigs:\n- config_name: simplified\n  data_files:\n{files}---\n"
    (tmp_path / "data/README.md").write_text(card)
    return Place("hub", str(tmp_path / "data"), name="simplified")


def test_the_tables_are_as_published(place, tmp_path):
    assert write_goemotions(place, tmp_path / "out") == []
    for name in FILES[:3]:
        assert (tmp_path / "out" / name).read_bytes() == PUBLISHED
    assert (tmp_path / "out/emotions.txt").read_text() == "joy\ngrief\n"


def test_files_of_another_hash_are_named(place, tmp_path):
    known = {"train.tsv": hashlib.sha256(PUBLISHED).hexdigest(), "dev.tsv": "00ff"}
    place = Place("hub", place.where, name="simplified", sha256=known)
    assert write_goemotions(place, tmp_path / "out") == ["dev.tsv"]


def test_a_saved_data_set_will_do(tmp_path):
    rows = Dataset.from_dict(ROWS, features=FEATURES)
    DatasetDict(dict.fromkeys(SPLITS, rows)).save_to_disk(tmp_path / "saved")
    write_goemotions(Place("given", str(tmp_path / "saved")), tmp_path / "out")
    assert (tmp_path / "out/dev.tsv").read_bytes() == PUBLISHED


def test_what_is_there_stays(place, tmp_path):
    write_goemotions(place, tmp_path / "out")
    (tmp_path / "out/dev.tsv").write_text("mine")
    write_goemotions(Place("hub", "/nowhere"), tmp_path / "out")
    assert (tmp_path / "out/dev.tsv").read_text() == "mine"
    (tmp_path / "out/test.tsv").unlink()
    with pytest.raises(TrainingError, match=r"holds no test\.tsv: move it away"):
        write_goemotions(place, tmp_path / "out")
    assert (tmp_path / "out/dev.tsv").read_text() == "mine"


def test_the_published_files_themselves_may_be_given(place, tmp_path):
    write_goemotions(place, tmp_path / "out")
    write_goemotions(Place("given", str(tmp_path / "out")), tmp_path / "copy")
    assert (tmp_path / "copy/train.tsv").read_bytes() == PUBLISHED


def test_another_data_set_is_refused(tmp_path):
    Dataset.from_dict({"text": ["Hello"], "label": [1]}).to_parquet(tmp_path / "data/train.parquet")
    for name, said in (
        (None, "is not GoEmotions"),
        ("simplified", "cannot be loaded: .*simplified"),
    ):
        with pytest.raises(TrainingError, match=said):
            write_goemotions(Place("hub", str(tmp_path / "data"), name=name), tmp_path / "out")
    assert not (tmp_path / "out").exists()

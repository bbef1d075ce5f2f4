"""Texts found again for their labels: whole runs on stand-ins for hub, archive and Kaggle."""

import bz2
import csv
import io
import json
import logging
import zipfile
from pathlib import Path

import pytest
from datasets import Dataset, DatasetDict
from file_server import file_server

from heard.labels import TARGET_NAMES
from heard_training.config import Heads
from heard_training.data.download import download, read_annotations, strip
from heard_training.data.download import fetch as fetching
from heard_training.data.download.goemotions import FILES
from heard_training.data.download.join import Matcher
from heard_training.data.download.messages import write_messages
from heard_training.data.download.places import Place, place_of
from heard_training.data.sources import read_local, read_sources
from heard_training.errors import TrainingError

ROOT = Path(__file__).resolve().parents[2]

LONG = " ".join(f"Call {n}: the bank took my rent twice, and they laughed." for n in range(40))
LETTER = "I was charged a late fee although I paid two weeks early.\n\nPlease refund it."
OTHER = "A letter that nobody labelled, about a lost parcel and a rude clerk."
CHAT = "My card has not arrived yet"
TWEET = "@support still no answer & it is day nine. Unbelievable."
TURN = "__company__ my bag is gone again"
REVIEW = "Polite crew, cold food, two hours late."

#: Labelled texts: split, source, id, text.
LABELLED = [
    ("train", "cfpb", "cfpb-sha1-" + "a" * 40, LETTER),
    ("train", "cfpb", "cfpb-3338777", LONG[:77]),  # cut short; its id is the archive's
    ("train", "cfpb", "cfpb-sha1-" + "b" * 40, LONG[5:1005]),  # cut at 1,000, no id to go by
    ("train", "cfpb", "cfpb-9999999", "An id that was made up, a text that is there."),
    ("train", "cfpb", "cfpb-1234567", "The id is there, under it another text."),
    ("train", "banking77", "bank77-sha1-" + "c" * 40, CHAT),
    ("dev", "twcs", "twcs-4587", TWEET),
    ("dev", "asapp_airlines", "asapp-939913-2", TURN),
    ("dev", "ba_reviews", "ba-sha1-" + "d" * 40, REVIEW),
]
NARRATIVES = [
    ("1", LETTER.replace("\n", "\r\n")),
    ("3338777", LONG),
    ("2", LONG[5:]),
    ("3", "An id that was made up, a text that is there."),
    ("1234567", OTHER),
    ("4", ""),
]


def labels(text):
    return {
        "levels": dict.fromkeys(TARGET_NAMES, 1),
        "signals": ["repeat_contact"],
        "spans": {"problem": [[0, len(text)]], "need": [], "feeling": []},
    }


def row_of(split, source, source_id, text):
    row = {"source": source, "source_id": source_id, "text": text, **labels(text)}
    if split == "dev":
        del row["spans"]
        row |= {"sample": "plain", "annotations": [labels(text)] * 2, "note": text}
    return row


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """The folder of texts with labels that annotations are made from."""
    folder = tmp_path_factory.mktemp("labelled")
    for split in ("train", "dev"):
        rows = [row_of(*entry) for entry in LABELLED if entry[0] == split]
        write_rows(folder / f"messages/{split}.jsonl", rows)
    return folder


@pytest.fixture(scope="module")
def annotations(labelled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("annotations")
    strip(labelled, folder)
    return folder


def csv_text(header, rows):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def zipped(narratives):
    header = ["Date", "Consumer complaint narrative", "Complaint ID"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", csv_text(header, [["now", t, n] for n, t in narratives]))
    return packed.getvalue()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(fetching, "WAIT_S", 0.001)
    monkeypatch.setattr(fetching, "TRIES", 1)
    with file_server() as served:
        served.files["/complaints.csv.zip"] = zipped(NARRATIVES)
        yield served


class Home:
    """A user's folders, a table of sources, and everything else that a download needs."""

    def __init__(self, folder, annotations, server):
        self.texts, self.annotations = folder / "texts", annotations
        self.sources = folder / "sources.toml"
        self.chats, self.tweets = folder / "chats", folder / "kaggle/twcs.csv"
        self.dialogues = folder / "airlines.csv.bz2"
        self.chats.mkdir()
        Dataset.from_dict({"text": ["Hello", CHAT], "label": [1, 2]}).to_parquet(
            self.chats / "train.parquet"
        )
        self.tweets.parent.mkdir()
        tweets = [[1, "nothing"], [2, TWEET.replace("&", "&amp;")]]
        self.tweets.write_text(csv_text(["tweet_id", "text"], tweets), encoding="utf-8")
        turns = f"<rep__  @1 sorry  __rep> <cust__  {TURN.replace(' my', '  my')}  __cust>"
        dialogues = csv_text(["first_utterance", "context"], [["<cust__ hm __cust>", turns]])
        self.dialogues.write_bytes(bz2.compress(dialogues.encode()))
        committed = (ROOT / "data/sources.toml").read_text(encoding="utf-8")
        goemotions, rest = committed.index("[goemotions]"), committed.index("[twcs]")
        self.sources.write_text(
            (committed[:goemotions] + committed[rest:])
            .replace("https://files.consumerfinance.gov/ccdb", server.url)
            .replace("PolyAI/banking77", str(self.chats))
            .replace('revision = "refs/convert/parquet"', ""),
            encoding="utf-8",
        )
        self.given = {"twcs": str(self.tweets), "asapp_airlines": str(self.dialogues)}

    def download(self, **given):
        return download(self.texts, self.annotations, self.sources, self.given | given)

    def messages(self, split):
        lines = (self.texts / f"messages/{split}.jsonl").read_text(encoding="utf-8").splitlines()
        return {row["source_id"]: row for row in map(json.loads, lines)}

    def everything(self):
        files = [path for path in self.texts.rglob("*") if path.is_file()]
        return "".join(path.read_text(encoding="utf-8") for path in files)


@pytest.fixture
def home(tmp_path, annotations, server):
    return Home(tmp_path, annotations, server)


def test_a_whole_run_joins_texts_to_their_labels(home, labelled, server):
    summary = home.download()
    counts = {name: (said["wanted"], said["found"]) for name, said in summary["sources"].items()}
    assert counts == {
        "cfpb": (5, 4),
        "banking77": (1, 1),
        "twcs": (1, 1),
        "asapp_airlines": (1, 1),
        "ba_reviews": (1, 0),
    }
    assert summary["rows"] == {"train": 5, "dev": 2}
    train = home.messages("train")
    assert train["cfpb-3338777"]["text"] == LONG[:77]
    assert train["cfpb-sha1-" + "b" * 40]["text"] == LONG[5:1005]
    assert train["cfpb-sha1-" + "a" * 40]["text"] == LETTER
    assert "cfpb-9999999" in train and "cfpb-1234567" not in train
    before = {m.sha256: m for m in read_local(labelled, Heads())}
    after = {m.sha256: m for m in read_local(home.texts, Heads())}
    assert len(after) == 7
    assert all(before[digest] == message for digest, message in after.items())
    assert home.messages("dev")["twcs-4587"]["sample"] == "plain"


def test_misses_are_counted_and_explained(home):
    said = home.download()["sources"]
    assert said["cfpb"]["missing"] == 1
    assert "or differ there" in said["cfpb"]["why"]
    assert "Collections of British Airways reviews" in said["ba_reviews"]["why"]
    assert "ba_reviews=PATH" in said["ba_reviews"]["why"]
    assert said["twcs"]["why"] == ""


def test_no_text_that_was_not_labelled_is_kept_or_told(home, caplog):
    with caplog.at_level(logging.DEBUG):
        home.download()
    kept = home.everything()
    assert json.dumps(TWEET)[1:-1] in kept
    for text in (OTHER, LONG[-100:], "Hello", "nothing", "sorry"):
        assert text not in kept
    for *_, text in LABELLED:
        assert text not in caplog.text
    assert not list(home.texts.rglob("*.zip*")) and "4 of 5 texts" in caplog.text


def test_an_interrupted_archive_is_taken_up_again(home, server):
    whole = len(server.files["/complaints.csv.zip"])
    server.breaks = [whole // 2]
    first = home.download()
    assert first["sources"]["cfpb"]["found"] == 0
    assert "run it again" in first["sources"]["cfpb"]["why"]
    assert first["sources"]["banking77"]["found"] == first["sources"]["twcs"]["found"] == 1
    second = home.download()
    assert second["sources"]["cfpb"]["found"] == 4
    assert server.ranges() == [None, f"bytes={whole // 2}-"]


def test_a_run_that_was_stopped_goes_on_where_it_was(home, server, monkeypatch):
    offer = Matcher.offer

    def stop(self, text, own_id=None):
        if text == OTHER:
            raise KeyboardInterrupt
        offer(self, text, own_id)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Matcher, "offer", stop)
        home.download()
    assert not (home.texts / "messages").exists()
    home.dialogues.unlink()
    home.given = {"twcs": str(home.tweets)}
    said = home.download()["sources"]
    assert {name: source["found"] for name, source in said.items()} == {
        "asapp_airlines": 1,
        "ba_reviews": 0,
        "banking77": 1,
        "cfpb": 4,
        "twcs": 1,
    }
    assert len(server.asked) == 1


def test_a_finished_source_is_not_read_again(home, server):
    home.download()
    home.tweets.write_text("tweet_id,text\n")
    said = home.download()["sources"]
    assert len(server.asked) == 1
    assert said["twcs"]["found"] == 1
    assert "nothing has changed" in said["cfpb"]["why"] and said["cfpb"]["found"] == 4
    assert home.messages("train").keys() >= {"cfpb-3338777", "cfpb-9999999"}


def test_missing_texts_are_looked_for_where_something_changed(home, server, tmp_path):
    home.download()
    more = tmp_path / "more.jsonl"
    write_rows(more, [{"a": [{"b": LABELLED[4][3]}]}])
    said = home.download(cfpb=str(more))["sources"]
    assert said["cfpb"] == {"wanted": 5, "found": 5, "missing": 0, "why": ""}
    assert len(server.asked) == 1 and len(home.messages("train")) == 6
    write_rows(more, [{"review": "Another one."}])
    assert home.download(ba_reviews=str(more))["sources"]["ba_reviews"]["found"] == 0
    write_rows(more, [{"review": "Another one."}, {"review": f"  {REVIEW}\n"}])
    said = home.download(ba_reviews=str(more))["sources"]
    assert said["ba_reviews"]["found"] == 1 and said["cfpb"]["found"] == 5


def test_a_deleted_source_is_read_again(home, server):
    home.download()
    for path in (home.texts / "downloads/cfpb").iterdir():
        path.unlink()
    (home.texts / "downloads/cfpb").rmdir()
    assert home.download()["sources"]["cfpb"]["found"] == 4
    assert len(server.asked) == 2


def test_a_damaged_store_is_named_and_costs_no_other_source(home):
    home.download()
    (home.texts / "downloads/cfpb/texts.jsonl").write_text('{"text": ')
    said = home.download()["sources"]
    assert said["cfpb"]["found"] == 0 and "delete it" in said["cfpb"]["why"]
    assert said["twcs"]["found"] == 1


def test_a_text_changed_in_the_store_is_not_taken(home):
    home.download()
    path = home.texts / "downloads/twcs/texts.jsonl"
    path.write_text(path.read_text().replace("nine", "ten"))
    home.tweets.write_text("tweet_id,text\n")
    assert home.download()["sources"]["twcs"]["found"] == 0


def test_a_damaged_archive_is_fetched_anew(home, server):
    sound = server.files["/complaints.csv.zip"]
    server.files["/complaints.csv.zip"] = sound[:-200]
    why = home.download()["sources"]["cfpb"]["why"]
    assert "damaged or cut short" in why
    server.files["/complaints.csv.zip"], server.tag = sound, '"mended"'
    assert home.download()["sources"]["cfpb"]["found"] == 4


def test_without_anything_the_sources_are_told_and_nothing_is_written(home, server, caplog):
    server.files.clear()
    for path in home.chats.iterdir():
        path.unlink()
    home.given = {}
    with caplog.at_level(logging.INFO):
        said = home.download()
    assert said["rows"] == {"train": 0, "dev": 0}
    assert all(source["found"] == 0 and source["why"] for source in said["sources"].values())
    assert "404" in said["sources"]["cfpb"]["why"]
    assert "cannot be loaded" in said["sources"]["banking77"]["why"]
    assert "Kaggle" in said["sources"]["twcs"]["why"]
    assert "messages/train.jsonl: 0 of 6 rows" in caplog.text
    assert not (home.texts / "messages").exists()


@pytest.mark.parametrize("content", ["", '{"source": "acme"}\n'])
def test_messages_of_others_are_never_overwritten(home, server, content):
    mine = home.texts / "messages/train.jsonl"
    mine.parent.mkdir(parents=True)
    mine.write_text(content)
    with pytest.raises(TrainingError, match=r"train\.jsonl was not written by this command"):
        home.download()
    assert mine.read_text() == content and server.asked == []


def test_messages_that_appear_while_it_runs_are_kept(tmp_path):
    write_rows(tmp_path / "messages/dev.jsonl", [{}])
    with pytest.raises(TrainingError, match="not written by this command"):
        write_messages(tmp_path, [], {})
    assert (tmp_path / "messages/dev.jsonl").read_text() == "{}\n"


def test_messages_changed_by_hand_are_not_overwritten(home):
    home.download()
    mine = home.texts / "messages/dev.jsonl"
    mine.write_text(mine.read_text() + "\n")
    with pytest.raises(TrainingError, match=r"dev\.jsonl .* changed since"):
        home.download()


def test_a_given_place_that_is_none_is_named_at_once(home, server):
    with pytest.raises(TrainingError, match=r"twcs=/nowhere: there is no such"):
        home.download(twcs="/nowhere")
    with pytest.raises(TrainingError, match=r"No texts are wanted of 'tweets'"):
        home.download(tweets=str(home.tweets))
    assert server.asked == [] and not home.texts.exists()


def test_another_url_may_be_given(home, server):
    server.files["/mirror/part.csv.zip"] = zipped(NARRATIVES[:2])
    assert home.download(cfpb=f"{server.url}/mirror/part.csv.zip")["sources"]["cfpb"]["found"] == 2
    assert server.asked[0][0] == "/mirror/part.csv.zip"
    assert home.download()["sources"]["cfpb"]["found"] == 4


def test_a_saved_data_set_may_be_given(home, tmp_path):
    (home.chats / "train.parquet").unlink()
    saved = tmp_path / "saved"
    DatasetDict({"test": Dataset.from_dict({"query": [CHAT]})}).save_to_disk(saved)
    assert home.download(banking77=str(saved))["sources"]["banking77"]["found"] == 1


def test_goemotions_comes_along_where_the_table_says_how(home, tmp_path):
    published = tmp_path / "published"
    for name in FILES:
        write_rows(published / name, [name])
    table = '\n[goemotions]\ntrain = true\n[goemotions.fetch]\nkind = "hub"\npath = "/nowhere"\n'
    known = '[goemotions.fetch.sha256]\n"dev.tsv" = "00ff"\n'
    home.sources.write_text(home.sources.read_text() + table + known)
    assert "cannot be loaded" in home.download()["goemotions"]["why"]
    assert not (home.texts / "goemotions").exists()
    said = home.download(goemotions=str(published))["goemotions"]
    assert said["differ"] == ["dev.tsv"] and "not the published" in said["why"]
    assert sorted(path.name for path in (home.texts / "goemotions").iterdir()) == sorted(FILES)


def test_the_committed_table_says_how_to_get_every_source():
    table = read_sources(ROOT / "data/sources.toml")
    for source in table.keys() - {"authored"}:
        assert "fetch" in table[source]
        place = place_of(source, table[source], None)
        assert isinstance(place, Place) or place.endswith(f"{source}=PATH.")
        assert place_of(source, table[source], str(ROOT)).kind == "given"


def test_every_committed_annotation_has_a_source():
    table = read_sources(ROOT / "data/sources.toml")
    rows = read_annotations(ROOT / "data/annotations")
    assert {row.source for row in rows} <= table.keys()
    assert all(table[row.source]["train"] for row in rows if row.split == "train")

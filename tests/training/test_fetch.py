"""One file over HTTP: resumed, checked, whole or not there."""

import hashlib

import pytest
from file_server import file_server

from heard_training.data.download import fetch as module
from heard_training.data.download.fetch import fetch
from heard_training.errors import TrainingError

BODY = bytes(range(256)) * 2000


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 0.001)
    monkeypatch.setattr(module, "TRIES", 1)


@pytest.fixture
def server():
    with file_server() as served:
        served.files["/a.zip"] = BODY
        yield served


def test_a_file_comes_whole_and_once(server, tmp_path):
    target = tmp_path / "new" / "a.zip"
    assert fetch(f"{server.url}/a.zip", target, sha256=hashlib.sha256(BODY).hexdigest()) == target
    assert target.read_bytes() == BODY
    assert [path.name for path in target.parent.iterdir()] == ["a.zip"]
    fetch(f"{server.url}/a.zip", target)
    assert len(server.asked) == 1


def test_a_later_run_asks_for_the_rest_only(server, tmp_path):
    server.breaks = [100_000]
    with pytest.raises(TrainingError, match="100000 bytes are kept: run it again"):
        fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()
    fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert server.ranges() == [None, "bytes=100000-"]
    assert server.asked[1][1]["If-Range"] == '"first"'


def test_a_file_that_changed_meanwhile_starts_anew(server, tmp_path):
    server.breaks = [100_000]
    with pytest.raises(TrainingError):
        fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    server.files["/a.zip"], server.tag = BODY[::-1], '"second"'
    fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == BODY[::-1]


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_tag_to_trust_it_starts_anew(server, tmp_path, tag):
    server.breaks, server.tag = [100_000], tag
    with pytest.raises(TrainingError):
        fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert server.ranges() == [None, None]


def test_what_another_address_left_is_not_gone_on_from(server, tmp_path):
    server.files["/b.zip"], server.breaks = BODY[::-1], [100_000]
    with pytest.raises(TrainingError):
        fetch(f"{server.url}/a.zip", tmp_path / "x.zip")
    fetch(f"{server.url}/b.zip", tmp_path / "x.zip")
    assert (tmp_path / "x.zip").read_bytes() == BODY[::-1]


def test_a_run_stopped_between_the_last_byte_and_the_name_asks_nothing(server, tmp_path):
    def stop(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(module, "_check", stop)
        fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == BODY and len(server.asked) == 1


def test_passing_failures_are_tried_again(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 3)
    server.fails, server.breaks = [503, 429], [100_000, 100_000]
    fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == BODY
    assert server.ranges() == [None, None, None, "bytes=100000-", "bytes=200000-"]


def test_tries_end(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 3)
    server.fails = [503] * 9
    with pytest.raises(TrainingError, match="answered 503"):
        fetch(f"{server.url}/a.zip", tmp_path / "a.zip")
    assert len(server.asked) == 3


def test_a_missing_file_is_not_asked_for_again(server, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "TRIES", 3)
    with pytest.raises(TrainingError, match=r"nowhere\.zip cannot be fetched.* 404"):
        fetch(f"{server.url}/nowhere.zip", tmp_path / "a.zip")
    assert len(server.asked) == 1 and not (tmp_path / "a.zip").exists()


def test_a_file_of_another_hash_is_not_kept(server, tmp_path):
    with pytest.raises(TrainingError, match=f"{hashlib.sha256(BODY).hexdigest()}, not 00ff"):
        fetch(f"{server.url}/a.zip", tmp_path / "a.zip", sha256="00ff")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a.zip", "http://[/a.zip", "ftp://a.b/c.zip"])
def test_an_address_that_does_not_answer_is_named(url, tmp_path):
    with pytest.raises(TrainingError, match=r"\.zip (could not|is no address)"):
        fetch(url, tmp_path / "a.zip")


def test_a_place_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="cannot be written"):
        fetch(f"{server.url}/a.zip", tmp_path / "file" / "a.zip")

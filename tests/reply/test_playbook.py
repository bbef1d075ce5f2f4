"""The playbook: the package's own is sound, and a company's is told what is wrong with it."""

import shutil
from pathlib import Path

import pytest

import heard
from heard.reply import playbook as module
from heard.reply.coverage import check_playbook
from heard.reply.recommend import recommend

OWN = Path(module.__file__).parent / "playbook"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(OWN, tmp_path / "playbook"))


def change(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_packages_own_covers_everything():
    check_playbook(heard.read_playbook())


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("plan.toml", 'action = "safety"', 'action = "panic"', "plan.toml.*action.*'panic'.*reply"),
        ("plan.toml", 'moves = ["safety"]', 'moves = ["hug"]', "plan.toml.*moves.*'hug'"),
        ("plan.toml", "signal =", "signall =", "plan.toml.*'signall'"),
        ("plan.toml", "bereaved = true", 'bereaved = "yes"', "plan.toml.*bereaved"),
        ("confirm.toml", "Is that right?", "Is {that} right?", "confirm.toml.*{that}.*problem"),
        ("confirm.toml", 'move = "confirm"', 'move = "ask"', "confirm.toml.*move.*'ask'"),
        ("confirm.toml", "say = [", "say = 3 #", "confirm.toml"),
        ("confirm.toml", '"Is that right?"', '"Have I got that right?"', "twice.*Have I got"),
        ("remedies.toml", "refund =", "refunds =", "refund"),
        ("avoid.toml", "[[avoid]]", "[[avoided]]", "avoid.toml"),
        ("listen.toml", 'move = "listen"', "move = listen", "listen.toml.*TOML"),
    ],
)
def test_an_error_names_file_and_key(folder, name, old, new, said):
    change(folder, name, old, new)
    with pytest.raises(heard.PlaybookError, match=f"(?s){said}"):
        heard.read_playbook(folder)


def test_an_empty_folder_and_one_that_is_not_there(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(heard.PlaybookError, match="holds no TOML"):
            heard.read_playbook(path)


def test_a_situation_without_a_plan_is_named(folder):
    text = (folder / "plan.toml").read_text(encoding="utf-8")
    last = text.rindex("[[plan]]")
    (folder / "plan.toml").write_text(text[:last], encoding="utf-8")
    with pytest.raises(heard.PlaybookError, match=r"no \[\[plan\]\] for emotion"):
        check_playbook(heard.read_playbook(folder))


def test_a_move_with_too_few_sentences_is_named(folder):
    (folder / "listen.toml").write_text(
        '[[say]]\nmove = "listen"\nsay = ["Go ahead."]\n', encoding="utf-8"
    )
    with pytest.raises(heard.PlaybookError, match="listen has 1 sentences"):
        check_playbook(heard.read_playbook(folder))


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("We apologise for any inconvenience.", "cliche.*inconvenience"),
        ("Please calm down.", "command_to_calm|calm down"),
        ("I know exactly how you feel.", "cliche|I know exactly"),
    ],
)
def test_a_sentence_that_the_check_would_flag_is_refused(folder, sentence, said):
    change(folder, "confirm.toml", "Is that right?", sentence)
    with pytest.raises(heard.PlaybookError, match=f"(?s)confirm.toml.*({said})"):
        check_playbook(heard.read_playbook(folder))


def test_a_companys_own_words_are_used(folder):
    (folder / "resolve.toml").write_text(
        '[[say]]\nmove = "resolve"\nsay = ["Our Bertha is on it."]\n', encoding="utf-8"
    )
    read = heard.load().assess("My parcel still isn't here, that's annoying.")
    assert "Our Bertha is on it." in recommend(read, playbook=heard.read_playbook(folder)).reply


def test_placeholders_that_a_message_does_not_fill_are_never_shown(folder):
    (folder / "resolve.toml").write_text(
        '[[say]]\nmove = "resolve"\nsay = ["On {detail}: {wish}."]\n', encoding="utf-8"
    )
    read = heard.load().assess("My parcel still isn't here, that's annoying.")
    found = recommend(read, playbook=heard.read_playbook(folder))
    assert "resolve" not in [move.name for move in found.moves]
    assert "{" not in found.reply

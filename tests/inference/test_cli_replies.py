"""``heard reply``, ``heard check`` and ``heard playbook``, as processes."""

import json
import shutil
from pathlib import Path

import pytest
from test_cli import refused, run

import heard
from heard.reply import playbook

OWN = Path(playbook.__file__).parent / "playbook"
MESSAGE = "Your driver threw my parcel over the gate and it's broken, I'm furious! Order AX-5512."


def test_reply_for_a_person():
    out = run("reply", MESSAGE, "--remedy", "refund").stdout.decode()
    assert (
        out.split("\n")[0]
        == heard.recommend(heard.load().assess(MESSAGE), heard.Context(remedies=("refund",))).reply
    )
    for word in ("reflect", "action", "avoid"):
        assert word in out


def test_reply_as_json_is_the_librarys():
    done = run(
        "reply", "-", "--json", "--channel", "public", "--name", "Ann", stdin=MESSAGE.encode()
    )
    context = heard.Context(channel="public", customer_name="Ann")
    wanted = heard.recommend(heard.load().assess(MESSAGE), context).to_dict()
    assert json.loads(done.stdout) == wanted
    assert done.returncode == 0 and done.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--channel", "fax"], "channel is 'fax': choose among chat, email, phone, public"),
        (["--stage", "end"], "stage is 'end'"),
        (["--remedy", "gold"], "'gold'"),
        (["--playbook", "nowhere"], "holds no TOML"),
        (["--model", "nowhere"], "nowhere"),
    ],
)
def test_reply_refuses_in_one_sentence(arguments, said):
    assert said in refused(run("reply", "hello", *arguments))


@pytest.fixture
def files(tmp_path):
    message = tmp_path / "message.txt"
    message.write_text(MESSAGE, encoding="utf-8")

    def check(draft, *more):
        path = tmp_path / "draft.txt"
        path.write_text(draft, encoding="utf-8")
        return run("check", "--message", str(message), "--draft", str(path), *more)

    return check


def test_check_works_as_a_linter(files):
    bad = files("Please calm down. What is your order number?")
    assert bad.returncode == 1
    out = bad.stdout.decode()
    assert "command_to_calm" in out and "asks_again" in out and "better:" in out
    reply = heard.recommend(heard.load().assess(MESSAGE)).reply
    good = files(reply)
    assert (good.returncode, good.stdout) == (0, b"")


def test_warnings_alone_do_not_fail(files):
    done = files("We understand your frustration, my apologies for the broken parcel.")
    severities = {
        line.split(": ")[1] for line in done.stdout.decode().splitlines() if "-" in line[:6]
    }
    assert "warning" in severities
    assert done.returncode == int("error" in severities)


def test_check_as_json_has_the_contracts_keys(files):
    draft = "Just calm down."
    found = json.loads(files(draft, "--json").stdout)
    assert {"rule", "severity", "start", "end", "reason", "better"} == set(found[0])
    places = {one["rule"]: draft[one["start"] : one["end"]] for one in found}
    assert places["command_to_calm"] == "calm down"


def test_check_refuses_what_it_cannot_read(files, tmp_path):
    gone = run("check", "--message", str(tmp_path / "gone"), "--draft", "-", stdin=b"hello")
    assert "gone cannot be read" in refused(gone)
    assert "both" in refused(run("check", "--message", "-", "--draft", "-", stdin=b"x"))
    assert "holds no TOML files" in refused(files("Hello.", "--playbook", str(tmp_path)))


def test_playbook_check_and_show(tmp_path):
    assert "is sound" in run("playbook", "check").stdout.decode()
    shown = run(
        *"playbook show --emotion humiliated --strength strong --stage opening".split()
    ).stdout.decode()
    assert "validate" in shown and "dignity" in shown
    copy = Path(shutil.copytree(OWN, tmp_path / "own"))
    assert run("playbook", "check", str(copy)).returncode == 0
    (copy / "confirm.toml").write_text('[[say]]\nmove = "confirm"\nsay = ["Ok {you}?"]\n')
    assert "confirm.toml, [[say]] 1" in refused(run("playbook", "check", str(copy)))
    assert "cannot have the strength" in refused(
        run("playbook", "show", "--emotion", "none", "--strength", "strong")
    )

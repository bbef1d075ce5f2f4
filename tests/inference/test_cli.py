"""The command line, as a process: streams, forms, exit codes."""

import json
import os
import subprocess
import sys

import pytest

LINES = "Where is my parcel?\n\nYou people LIED to me, I want your manager!\n"


def run(*arguments, stdin=None, **environment):
    return subprocess.run(
        [sys.executable, "-m", "heard", *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        timeout=120,
    )


def refused(done):
    """Exit code 2, nothing on standard output, one sentence on standard error."""
    assert done.returncode == 2
    assert done.stdout == b""
    sentence = done.stderr.decode().strip()
    assert sentence.startswith("heard: ") and "\n" not in sentence
    return sentence


def test_a_person_can_read_it():
    done = run("assess", "My order STILL hasn't come and I am furious.")
    out = done.stdout.decode()
    assert done.returncode == 0 and done.stderr == b""
    for word in ("angry", "frustrated", "surprised", "humiliated", "escalation", "risk"):
        assert word in out
    assert "\033[" not in out  # no colours into a pipe


def test_jsonl_from_standard_input_is_one_object_a_line():
    done = run("assess", "-", "--jsonl", stdin=LINES.encode())
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert [result["tokens"] > 0 for result in results] == [True, False, True]
    assert results[2]["escalation"]["level"] >= 2


def test_json_is_one_array_and_the_same():
    lines = run("assess", "-", "--jsonl", stdin=LINES.encode()).stdout.splitlines()
    array = json.loads(run("assess", "-", "--json", stdin=LINES.encode()).stdout)
    assert array == [json.loads(line) for line in lines]


def test_a_byte_order_mark_and_windows_line_ends_are_no_text():
    done = run("assess", "-", "--jsonl", stdin=b"\xef\xbb\xbfhello\r\n")
    assert json.loads(done.stdout)["tokens"] == 1


@pytest.mark.parametrize(
    ("stdin", "word"),
    [(b"fine\n\xff\xfe\n", "Line 2"), (b"fine\nfine\nnul\0\n", "Line 3")],
)
def test_bad_lines_are_named(stdin, word):
    done = run("assess", "-", "--json", stdin=stdin)
    assert word in refused(done)


def test_bytes_that_are_not_utf8_as_an_argument():
    done = subprocess.run(
        [sys.executable, "-m", "heard", "assess", b"caf\xe9"], capture_output=True
    )
    assert "UTF-8" in refused(done)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("assess", "x", "--model", "nowhere"), "nowhere"),
        (("assess", "x", "--threshold", "angry"), "NAME=NUMBER"),
        (("assess", "x", "--threshold", "happy=0.5"), "happy"),
        (("assess", "x", "--threads", "0"), "threads"),
        (("assess", "x", "--threads", "100000"), "threads"),
        (("assess", "-", "x"), "alone"),
        (("verify", "nowhere"), "nowhere"),
    ],
)
def test_wrong_values_are_named(arguments, word):
    assert word in refused(run(*arguments))


@pytest.mark.parametrize("arguments", [(), ("asess",), ("assess",), ("assess", "x", "--josn")])
def test_wrong_use_ends_with_two(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and done.stdout == b""


def test_a_threshold_changes_the_decision():
    calm = json.loads(run("assess", "What are your opening hours?", "--jsonl").stdout)
    eager = json.loads(
        run(
            "assess", "What are your opening hours?", "--jsonl", "--threshold", "escalation=0,0,0"
        ).stdout
    )
    assert (calm["escalation"]["level"], eager["escalation"]["level"]) == (0, 3)


def test_info_names_every_label_and_verify_is_content():
    from heard.labels import EMOTIONS, ESCALATION_LEVELS, SIGNALS, SPAN_KINDS

    out = run("info").stdout.decode()
    for label in (*EMOTIONS, *ESCALATION_LEVELS, *SIGNALS, *SPAN_KINDS):
        assert label.name in out and label.meaning in out
    done = run("verify")
    assert done.returncode == 0 and b"sound" in done.stdout
    assert json.loads(run("info", "--json").stdout)["schema"] == 1


def test_answers_before_a_bad_line_are_given():
    done = run("assess", "-", "--jsonl", stdin=b"fine\n" * 50 + b"caf\xe9\n")
    assert done.returncode == 2 and b"Line 51" in done.stderr
    assert len(done.stdout.splitlines()) == 50


def test_a_full_disk_is_told():
    command = f"{sys.executable} -m heard assess hi --jsonl > /dev/full"
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120)
    assert done.returncode == 1
    assert b"could not be written" in done.stderr and b"Traceback" not in done.stderr


def test_a_terminal_of_another_encoding_is_no_reason_to_fail():
    done = run("assess", "caf\u00e9 \U0001f621", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "caf\u00e9" in done.stdout.decode("utf-8")


def test_a_message_cannot_steer_the_terminal():
    done = run("assess", "-", stdin=b"hello \x1b[2J\x1b[31m there\n")
    assert b"\x1b" not in done.stdout


def test_a_closed_pipe_is_no_error():
    command = (
        f"yes 'where is it' | head -600 | {sys.executable} -m heard assess - --jsonl | head -1"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=120)
    assert done.stderr == b""
    assert json.loads(done.stdout)["tokens"] == 3

"""`heard score` as a process, and files for it."""

import json
import os
import subprocess
import sys

#: A row counts as soon as its chunk is done, so that a short run can be killed with work saved.
SAVING_OFTEN = """
import heard.batch.score, heard.cli, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs may begin without
heard.batch.score._UNSAVED = 0
sys.exit(heard.cli.main())
"""

ANGRY = "You people LIED to me, I want your manager now!"
CALM = "Where is my parcel?"


def score(folder, *arguments, stdin=b""):
    """Run it in `folder`; giving no input is giving an empty one."""
    return subprocess.run(
        [sys.executable, "-m", "heard", "score", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        timeout=300,
    )


def start(folder, *arguments):
    """Start it in `folder`, saving after each chunk."""
    return subprocess.Popen(
        [sys.executable, "-c", SAVING_OFTEN, "score", *arguments],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def scored(folder, *arguments, stdin=b""):
    """Run it, see that it went well, and give its rows; the output is `o.jsonl`."""
    done = score(folder, *arguments, "--out", "o.jsonl", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return read(folder / "o.jsonl")


def rejects(folder, out="o.jsonl"):
    """Give the rejects of an output as (line or row, reason)."""
    path = folder / f"{out}.rejects"
    found = read(path) if path.exists() else []
    return [(one.get("line", one["row"]), one["reason"]) for one in found]


def refused(done):
    """Exit code 2 and one sentence."""
    assert done.returncode == 2 and done.stdout == b""
    sentence = done.stderr.decode().strip()
    assert sentence.startswith("heard: ") and "\n" not in sentence
    return sentence


def read(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

"""Every command of docs/retrain.md runs, in its order, on the sample that `init` writes."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("torch")

import heard.cli
from heard_training.cli import main
from heard_training.measure import compare

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/retrain.md").read_text(encoding="utf-8")
PORT = "8081"


def blocks(language):
    found = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language]


def commands():
    return [line for block in blocks("") for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path, monkeypatch, tiny_data, tiny_run):
    """A place where the authored corpus and the shipped network are tiny ones."""
    shutil.copytree(tiny_data / "authored", tmp_path / "data/authored")
    shutil.copytree(tiny_run / "checkpoint", tmp_path / "training/checkpoint")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(compare, "_TIMED_ROUNDS", 1)
    return tmp_path


def test_every_command_runs(folder, capfd, free_port):
    seen = []
    for line in commands():
        program, *arguments = shlex.split(line.replace(PORT, free_port))
        seen.append(" ".join([program, *arguments[:1]]))
        if program == "pip":
            continue  # what runs here is installed already
        if program == "curl":
            continue  # asked below, of the service that the command before it starts
        if seen[-1] == "heard serve":
            assert ask(arguments, free_port)["emotions"].keys() >= {"angry", "frustrated"}
        elif seen[-1] == "heard-train gate":
            assert main(arguments) in (0, 1)  # a tiny network is worse than the shipped one
        else:
            assert (main if program == "heard-train" else heard.cli.main)(arguments) == 0, line
        if seen[-1] == "heard-train init":
            fit_the_tiny_network(folder / "mine/config.toml")
    assert {"heard-train compare", "heard-train gate", "heard serve", "curl -s"} <= set(seen)
    said = capfd.readouterr().out
    assert "furious = level 3" in said and "heard-own 0.1.0 is sound" in said
    record = json.loads((folder / "mine/run/checkpoint/training.json").read_text())
    assert record["config"]["network"]["start"] == "shipped"
    assert record["config"]["data"]["csv"] == "a local file"


def fit_the_tiny_network(config):
    """The tiny network reads fewer tokens at a time than the shipped one."""
    text = config.read_text(encoding="utf-8")
    changed = text.replace("[fit]", "window = 48\noverlap = 8\n\n[fit]\nbf16 = false")
    assert changed != text
    config.write_text(changed, encoding="utf-8")


def ask(arguments, port):
    """Start the service, and send what the page's curl sends."""
    line = next(line for line in commands() if line.startswith("curl"))
    _, _, address, _, header, _, body = shlex.split(line.replace(PORT, port))
    name, value = header.split(": ")
    url = f"http://{address}"
    request = urllib.request.Request(url, body.encode(), {name: value})
    service = subprocess.Popen([sys.executable, "-m", "heard", *arguments])
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert service.poll() is None
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                    return json.load(answer)["results"][0]
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the service never answered")
    finally:
        service.terminate()
        service.wait(60)


@pytest.fixture
def free_port():
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def test_the_toml_of_the_page_is_of_the_sample():
    template = ROOT / "training/heard_training/project/template/config.toml"
    written = template.read_text(encoding="utf-8")
    assert blocks("toml")
    for block in blocks("toml"):
        assert [line for line in block.splitlines() if line not in written] == []

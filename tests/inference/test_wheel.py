"""The wheel, built and installed in a clean environment: three dependencies and a model."""

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv/bin/python"
    constraints = ["-c", ROOT / "constraints.txt"]
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *constraints, wheel], check=True, capture_output=True)
    return python


def _run(*command, folder):
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)


@pytest.mark.slow
def test_a_message_is_assessed_from_the_wheel(installed, tmp_path):
    text = "My card was refused at the till, everyone was staring at me"
    code = f"import heard, json; print(json.dumps(heard.load().assess({text!r}).to_dict()))"
    done = _run(installed, "-c", code, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["primary"] == "humiliated"


@pytest.mark.slow
def test_the_base_installation_is_small(installed, tmp_path):
    listed = json.loads(
        _run(installed, "-m", "pip", "list", "--format=json", folder=tmp_path).stdout
    )
    names = {package["name"].lower() for package in listed}
    assert {"heard", "onnxruntime", "tokenizers", "numpy"} <= names
    assert not names & {"torch", "transformers", "datasets", "scikit-learn", "fastapi", "ray"}


@pytest.mark.slow
def test_the_commands_are_there_and_training_names_its_extra(installed, tmp_path):
    heard = _run(installed.parent / "heard", "assess", "hello", folder=tmp_path)
    assert heard.returncode == 0, heard.stderr
    train = _run(installed.parent / "heard-train", "run", folder=tmp_path)
    assert train.returncode == 2
    assert "pip install" in train.stderr and "Traceback" not in train.stderr

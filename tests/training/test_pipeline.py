"""The whole way with a tiny encoder: prepare, fit, calibrate, export, verify, assess."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import heard
from heard_training.config import load_config
from heard_training.data.corpus import load_corpus
from heard_training.errors import TrainingError
from heard_training.export.parity import PROBES, check_batches, check_logits, compare
from heard_training.measure.answers import Gold, ask
from heard_training.measure.evaluate import figures
from heard_training.run import export_run, prepare_run, ship

pytestmark = pytest.mark.slow

TEXTS = [*PROBES, "They laughed at me in front of the whole queue.", "thanks, that works now"]


def test_a_bundle_comes_out_and_answers(tiny_run):
    analyzer = heard.load(tiny_run / "bundle")
    assert analyzer.model.name == "tiny"
    found = analyzer.assess_many(TEXTS)
    assert len(found) == len(TEXTS)
    assert all(0 <= a.escalation.risk <= 1 for a in found)


def test_the_command_line_verifies_it(tiny_run):
    command = [sys.executable, "-m", "heard", "verify", tiny_run / "bundle"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "tiny 0.1.0 is sound" in done.stdout


def test_the_manifest_says_how_it_came_about(tiny_run, tiny_data, tiny_encoder):
    manifest = json.loads((tiny_run / "bundle/bundle.json").read_text())
    assert manifest["training"]["config"]["fit"]["epochs"] == 15.0
    assert manifest["training"]["packages"]["torch"]
    assert manifest["training"]["data"]["rows"]["train"] > 50
    assert manifest["parity"]["largest_logit_difference_to_torch"] < 2e-3
    assert manifest["parity"]["fused"]["Attention"] == 2
    assert manifest["metrics"] == json.loads((tiny_run / "metrics.json").read_text())
    assert str(tiny_data) not in json.dumps(manifest)
    assert str(tiny_encoder) not in json.dumps(manifest)


def test_figures_cover_dev_and_test(tiny_run):
    measured = json.loads((tiny_run / "metrics.json").read_text())
    assert measured["dev"]["rows"] == 12 and measured["test"]["rows"] == 20
    assert set(measured["test"]["targets"]) == {*heard.labels.TARGET_NAMES}


def test_results_do_not_depend_on_batch_order_or_threads(tiny_run):
    agreement = check_batches(tiny_run / "bundle", TEXTS * 5)
    assert agreement.changed == agreement.changed_spans == 0


def test_training_learned_its_rows(tiny_run):
    corpus, _ = load_corpus(tiny_run / "corpus")
    answers = ask(heard.load(tiny_run / "bundle"), corpus["train"]["text"][:])
    found = figures(Gold.of(corpus["train"]), answers)
    assert found["targets.humiliated.auroc_1"][0] > 0.75


def test_an_unfaithful_graph_is_refused(tiny_run, tiny_config):
    from heard.session import Session
    from heard_training.learn.fit import load_checkpoint

    config = load_config(tiny_config)
    network, tokenizer, _ = load_checkpoint(tiny_run / "checkpoint", config)
    session = Session(tiny_run / "export/fused.onnx")
    assert check_logits(network, session, tokenizer, 2e-3) < 2e-3
    network.signals.bias.data += 1
    with pytest.raises(TrainingError, match="not faithful"):
        check_logits(network, session, tokenizer, 2e-3)


def test_a_graph_that_decides_otherwise_is_refused(tiny_run, tiny_config, tmp_path):
    import dataclasses

    out = tmp_path / "out"
    shutil.copytree(tiny_run, out)
    config = load_config(tiny_config)
    gates = dataclasses.replace(config.export, changed_share=-1.0, schemes=("nbits8",))
    with pytest.raises(TrainingError, match="decided otherwise"):
        export_run(dataclasses.replace(config, export=gates), out)
    # The bundle that stood there before still does.
    assert heard.load(out / "bundle").bundle.manifest["metrics"]


def test_a_network_of_another_corpus_is_not_calibrated(tiny_run, tiny_config, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(tiny_run, out)
    prepare_run(load_config(tiny_config, calibration_share=0.5), out)
    with pytest.raises(TrainingError, match="trained on"):
        export_run(load_config(tiny_config), out)


def test_changed_decisions_are_counted(tiny_run):
    plain = heard.load(tiny_run / "bundle")
    eager = heard.load(tiny_run / "bundle", thresholds={"abusive": 0.0})
    agreement = compare(plain.assess_many(TEXTS), eager.assess_many(TEXTS))
    assert agreement.changed_share > 0.5
    assert agreement.most == 0.0


def test_shipping_copies_bundle_and_checkpoint(tiny_run, tmp_path):
    ship(tiny_run, tmp_path / "model", tmp_path / "checkpoint")
    assert heard.load(tmp_path / "model").model.name == "tiny"
    assert (tmp_path / "checkpoint/model.safetensors").is_file()
    with pytest.raises(heard.HeardError):
        ship(tmp_path / "nowhere", tmp_path / "model", tmp_path / "checkpoint")
    assert heard.load(tmp_path / "model").model.name == "tiny"


def test_the_checkpoint_is_kept_in_bf16_and_names_no_folder_of_this_machine(tiny_run, tiny_encoder):
    from safetensors import safe_open

    with safe_open(tiny_run / "checkpoint/model.safetensors", framework="pt") as file:
        kinds = {str(file.get_tensor(name).dtype) for name in file.keys()}  # noqa: SIM118
    assert kinds == {"torch.bfloat16"}
    assert str(tiny_encoder) not in (tiny_run / "checkpoint/config.json").read_text()


def test_wrong_configurations_end_with_exit_code_two(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text("[fit]\nepoch = 3\n")
    command = [sys.executable, "-m", "heard_training.cli", "run", "--config", path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "'epoch'" in done.stderr
    assert np.array(done.stdout).item() == ""

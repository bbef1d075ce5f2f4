"""A bundle that does not match is refused in one sentence that says what and where."""

import json

import pytest

import heard
from heard import BundleError
from heard.bundle import sha256_of
from heard.labels import EMOTION_NAMES


def _edit(bundle, change):
    path = bundle / "bundle.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def _repin(bundle):
    """Name the model's real size and hash, so that only its content is at fault."""
    path = bundle / "model.onnx"
    pinned = {"sha256": sha256_of(path), "bytes": path.stat().st_size}
    _edit(bundle, lambda manifest: manifest["files"].update({"model.onnx": pinned}))


def _refusal(path):
    with pytest.raises(BundleError) as error:
        heard.load(path).session.session  # noqa: B018
    sentence = str(error.value)
    assert sentence.endswith(".") and "\n" not in sentence
    return sentence


def test_the_copy_itself_is_sound(bundle_copy):
    assert heard.load(bundle_copy).assess("Hello there").primary == "none"


def test_no_folder(tmp_path):
    assert "no bundle at" in _refusal(tmp_path / "nowhere")


def test_an_empty_folder(tmp_path):
    assert "bundle.json" in _refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_broken_manifest(bundle_copy, content):
    (bundle_copy / "bundle.json").write_bytes(content)
    assert "bundle.json" in _refusal(bundle_copy)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("schema", 99, "schema 99"),
        ("labels", {"levels": ["joyful"]}, "other labels"),
        ("files", {}, "does not pin"),
        ("pooling", "median", "median"),
        ("calibration", {}, "levels"),
        ("thresholds", {}, "angry"),
        ("uncertain", {"angry": 3}, "cannot be used"),
        ("inputs", {"normalisation": 0}, "normalisation 0"),
        ("inputs", {"normalisation": 3, "window": "256"}, "window"),
        ("inputs", {"normalisation": 3, "window": 256, "overlap": 300}, "overlap"),
        ("uncertain", {name: [0.1] for name in EMOTION_NAMES}, "2 numbers"),
    ],
)
def test_a_manifest_that_does_not_match(bundle_copy, key, value, words):
    _edit(bundle_copy, lambda manifest: manifest.update({key: value}))
    assert words in _refusal(bundle_copy)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file(bundle_copy, name):
    (bundle_copy / name).unlink()
    assert name in _refusal(bundle_copy)


def test_a_pointer_in_place_of_the_model(bundle_copy):
    (bundle_copy / "model.onnx").write_text("version https://git-lfs.github.com/spec/v1\n")
    assert "size" in _refusal(bundle_copy)


def test_one_flipped_bit(bundle_copy):
    path = bundle_copy / "model.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "SHA-256" in _refusal(bundle_copy)


def test_a_file_that_is_no_graph(bundle_copy):
    (bundle_copy / "model.onnx").write_bytes(b"no graph at all")
    _repin(bundle_copy)
    assert "cannot be loaded" in _refusal(bundle_copy)


def test_a_graph_of_other_types(bundle_copy):
    onnx = pytest.importorskip("onnx")
    path = bundle_copy / "model.onnx"
    model = onnx.load(path)
    for node in model.graph.input:
        node.type.tensor_type.elem_type = onnx.TensorProto.INT32
    cast = onnx.helper.make_node("Cast", ["input_ids"], ["ids64"], to=onnx.TensorProto.INT64)
    mask = onnx.helper.make_node("Cast", ["attention_mask"], ["mask64"], to=onnx.TensorProto.INT64)
    names = {"input_ids": "ids64", "attention_mask": "mask64"}
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)
    nodes = [cast, mask, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, path)
    _repin(bundle_copy)
    assert "int64" in _refusal(bundle_copy)


def test_a_graph_with_other_outputs(bundle_copy):
    onnx = pytest.importorskip("onnx")
    path = bundle_copy / "model.onnx"
    model = onnx.load(path)
    for node in model.graph.node:
        for place, name in enumerate(node.output):
            if name == "signals":
                node.output[place] = "reasons"
    next(o for o in model.graph.output if o.name == "signals").name = "reasons"
    onnx.save(model, path)
    _repin(bundle_copy)
    assert "the output signals" in _refusal(bundle_copy)

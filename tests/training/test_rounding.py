"""A network that learns with rounding: the graph computes what it learned."""

import copy

import numpy as np
import pytest
import torch

from heard.session import Session
from heard_training.config import load_config
from heard_training.errors import TrainingError
from heard_training.export.graph import fuse
from heard_training.export.quantise import quantise
from heard_training.export.trace import trace
from heard_training.learn.average import mean_weights
from heard_training.learn.network import HeardNetwork
from heard_training.learn.rounding import (
    LARGEST_WEIGHT,
    place_grids,
    plain_products,
    round_products,
    rounded_products,
    switch,
    unrounded,
)

IDS = torch.tensor([[2, 8, 9, 10, 3], [2, 11, 3, 0, 0]])
MASK = (IDS != 0).long()


@pytest.fixture
def network(tiny_encoder, tiny_config):
    torch.manual_seed(0)
    config = load_config(tiny_config, ("fit.rounded_share=1.0",))
    made = HeardNetwork.from_encoder(str(tiny_encoder), config)
    generator = torch.Generator().manual_seed(1)
    batches = [
        {
            "input_ids": torch.randint(5, 400, (8, 20), generator=generator),
            "attention_mask": torch.ones(8, 20, dtype=torch.long),
        }
        for _ in range(4)
    ]
    place_grids(made, batches)
    return made.eval()


def logits(network, ids=IDS, mask=MASK):
    with torch.no_grad():
        return network(input_ids=ids, attention_mask=mask).levels


def test_rounding_changes_a_little_and_can_be_left_off(network):
    rounded = logits(network)
    with unrounded(network.encoder):
        exact = logits(network)
    difference = (rounded - exact).abs().max()
    assert 0 < difference < 0.1
    torch.testing.assert_close(logits(network), rounded)  # it is on again


def test_what_is_not_on_the_grid_is_rounded_to_it(network):
    group = rounded_products(network.encoder)[0]
    assert len(group) == 3  # query, key and value read the same
    whole, step = group[0].integers()
    assert whole.abs().max() == LARGEST_WEIGHT
    scaled = group[0].inner.weight * group[0].grid.steps
    assert ((whole * step - scaled).abs() <= step / 2 * 1.001).all()


def test_gradients_reach_every_weight(network):
    network.train()
    network(input_ids=IDS, attention_mask=MASK).levels.sum().backward()
    for group in rounded_products(network.encoder):
        for product in group:
            assert product.inner.weight.grad.abs().sum() > 0


def test_a_saved_network_rounds_as_before(network, tmp_path):
    wanted = logits(network)
    network.save_pretrained(tmp_path)
    torch.testing.assert_close(logits(HeardNetwork.from_pretrained(tmp_path).eval()), wanted)


def test_the_mean_of_two_rounds_to_whole_zeros(network):
    other = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    zero = next(name for name in other if name.endswith(".grid.zero"))
    steps = zero.replace("zero", "steps")
    before = float(other[zero])
    other[zero] += 3
    other[steps] *= 3
    mean = mean_weights([network.state_dict(), other])
    assert float(mean[zero]) in (before + 1, before + 2)
    torch.testing.assert_close(mean[steps], 2 * network.state_dict()[steps].float())


def test_the_graph_gives_what_the_network_gives(network, tmp_path):
    trace(network, tmp_path / "traced.onnx", opset=17)
    fuse(tmp_path / "traced.onnx", tmp_path / "fused.onnx", heads=2, hidden=32)
    quantise(
        tmp_path / "fused.onnx",
        tmp_path / "rounded.onnx",
        scheme="rounded8",
        calibration=[],
        network=network,
    )
    session = Session(tmp_path / "rounded.onnx", threads=1)
    with unrounded(network.encoder):
        exact = logits(network, IDS[:1], MASK[:1]).numpy()
    wanted = logits(network, IDS[:1], MASK[:1]).numpy()
    got = session.run([IDS[0].tolist()])["levels"]
    # The word table is stored in 8 bits in the graph alone.
    assert np.abs(got - wanted).max() < 0.5 * np.abs(exact - wanted).max() + 2e-3


def test_a_graph_of_another_network_is_refused(network, tmp_path):
    trace(network, tmp_path / "traced.onnx", opset=17)
    fuse(tmp_path / "traced.onnx", tmp_path / "fused.onnx", heads=2, hidden=32)
    other = copy.deepcopy(network)
    torch.nn.init.normal_(rounded_products(other.encoder)[0][0].inner.weight)
    with pytest.raises(TrainingError, match="not the network's"):
        quantise(
            tmp_path / "fused.onnx",
            tmp_path / "x",
            scheme="rounded8",
            calibration=[],
            network=other,
        )


def test_without_rounding_learned_the_scheme_says_so(tiny_run, tiny_config, tmp_path):
    from heard_training.learn.fit import load_checkpoint

    plain, _, _ = load_checkpoint(tiny_run / "checkpoint", load_config(tiny_config))
    with pytest.raises(TrainingError, match="without rounding"):
        quantise(
            tiny_run / "export/fused.onnx",
            tmp_path / "x",
            scheme="rounded8",
            calibration=[],
            network=plain,
        )


def test_plain_products_are_as_they_were(tiny_encoder, tiny_config):
    torch.manual_seed(0)
    made = HeardNetwork.from_encoder(str(tiny_encoder), load_config(tiny_config)).eval()
    wanted = logits(made)
    names = set(made.state_dict())
    round_products(made.encoder)
    switch(made.encoder, on=False)
    torch.testing.assert_close(logits(made), wanted)
    plain_products(made.encoder)
    torch.testing.assert_close(logits(made), wanted)
    assert set(made.state_dict()) == names


def test_an_encoder_of_another_layout_is_refused():
    with pytest.raises(TrainingError, match="rounded_share"):
        round_products(torch.nn.Linear(2, 2))

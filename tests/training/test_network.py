"""The network: ordered levels, masked losses, base rates, saving."""

import pytest
import torch

from heard.labels import SIGNAL_NAMES, TARGET_NAMES
from heard_training.config import load_config
from heard_training.data.features import IGNORED_TAG
from heard_training.learn import machine
from heard_training.learn.network import HeardNetwork

IDS = torch.tensor([[2, 8, 9, 10, 3], [2, 11, 3, 0, 0]])
MASK = (IDS != 0).long()


@pytest.fixture(params=["attention", "mean"])
def network(request, tiny_encoder, tiny_config):
    torch.manual_seed(0)
    config = load_config(tiny_config, (f"network.pooling={request.param}",))
    made = HeardNetwork.from_encoder(str(tiny_encoder), config).eval()
    for pooling in (made.level_pooling, made.signal_pooling):
        if pooling.queries is not None:  # as after some training: no plain mean any more
            torch.nn.init.normal_(pooling.queries.weight)
    return made


def targets(**changes):
    plain = {
        "level_targets": torch.zeros(2, 5, 3),
        "level_mask": torch.ones(2, 5, 3),
        "signal_targets": torch.zeros(2, 10),
        "signal_mask": torch.ones(2, 10),
        "span_tags": torch.zeros(2, 5, 3, dtype=torch.long),
    }
    return plain | changes


def test_shapes_and_order_of_levels(network):
    with torch.no_grad():
        network.levels.weight.normal_(std=5)
    out = network(IDS, MASK)
    assert out.levels.shape == (2, 5, 3)
    assert out.signals.shape == (2, 10)
    assert out.spans.shape == (2, 5, 3, 3)
    assert (out.levels.diff(dim=-1) <= 0).all()


def test_every_output_weighs_the_tokens_for_itself(tiny_encoder, tiny_config):
    made = HeardNetwork.from_encoder(str(tiny_encoder), load_config(tiny_config)).eval()
    tokens = torch.randn(1, 5, made.levels.in_features)
    start = made.level_pooling(tokens, MASK[:1])
    torch.testing.assert_close(start, tokens.mean(dim=1, keepdim=True).expand(1, 5, -1))
    with torch.no_grad():  # the first target looks for what the third token is like
        made.level_pooling.queries.weight[0] = 50 * tokens[0, 2]
    pooled = made.level_pooling(tokens, MASK[:1])
    torch.testing.assert_close(pooled[0, 0], tokens[0, 2])
    torch.testing.assert_close(pooled[0, 1], tokens[0].mean(dim=0))


def test_padding_changes_nothing(network):
    padded = network(IDS, MASK).levels[1]
    alone = network(IDS[1:, :3], MASK[1:, :3]).levels[0]
    torch.testing.assert_close(padded, alone)


def test_what_is_masked_has_no_say_in_the_loss(network):
    known = targets(
        level_mask=torch.zeros(2, 5, 3),
        signal_mask=torch.zeros(2, 10),
        span_tags=torch.full((2, 5, 3), IGNORED_TAG),
    )
    other = known | {"level_targets": torch.ones(2, 5, 3), "signal_targets": torch.ones(2, 10)}
    assert network(IDS, MASK, **known).loss == network(IDS, MASK, **other).loss == 0


def test_a_half_known_row_learns_only_from_its_half(network):
    mask = torch.zeros(2, 5, 3)
    mask[:, 0] = 1
    network(IDS, MASK, **targets(level_mask=mask)).loss.backward()
    gradient = network.levels.bias.grad.reshape(5, 3)
    assert gradient[0].abs().sum() > 0
    assert gradient[1:].abs().sum() == 0


def test_untrained_heads_say_the_base_rates(network):
    levels = torch.tensor([[0.3, 0.1, 0.02]] * 5)
    signals = torch.linspace(0.01, 0.2, 10)
    tags = torch.tensor([[0.8, 0.05, 0.15]] * 3)
    network.start_at_base_rates(levels, signals, tags)
    with torch.no_grad():
        for head in (network.levels, network.signals, network.spans):
            head.weight.zero_()
        out = network(IDS, MASK)
    torch.testing.assert_close(out.levels[0].sigmoid(), levels, atol=1e-4, rtol=0)
    torch.testing.assert_close(out.signals[0].sigmoid(), signals, atol=1e-4, rtol=0)
    torch.testing.assert_close(out.spans[0, 0].softmax(-1), tags, atol=1e-4, rtol=0)


def test_saved_and_read_back_it_is_the_same(network, tmp_path):
    network.save_pretrained(tmp_path)
    again = HeardNetwork.from_pretrained(tmp_path).eval()
    torch.testing.assert_close(again(IDS, MASK).levels, network(IDS, MASK).levels)
    assert again.config.targets == list(TARGET_NAMES)
    assert again.config.signals == list(SIGNAL_NAMES)
    assert str(tmp_path.parent) not in (tmp_path / "config.json").read_text()


def test_the_pretrained_encoder_is_kept(network, tiny_encoder):
    from transformers import AutoModel

    wanted = AutoModel.from_pretrained(tiny_encoder).state_dict()
    for name, value in network.encoder.state_dict().items():
        torch.testing.assert_close(value, wanted[name])


@pytest.mark.parametrize(
    "units, gpu, wanted, chosen",
    [
        (True, False, "auto", "eager"),
        (False, False, "auto", None),
        (True, True, "auto", None),
        (False, False, "eager", "eager"),
    ],
)
def test_the_attention_that_this_machine_computes_fastest(monkeypatch, units, gpu, wanted, chosen):
    monkeypatch.setattr(machine, "computes_bf16", lambda gpu: units)
    assert machine.fastest_attention(wanted, gpu) == chosen


def test_a_cpu_without_units_for_bf16_does_not_emulate_them(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": False})
    assert not machine.computes_bf16(gpu=False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert machine.computes_bf16(gpu=False)


def test_bf16_is_not_used_where_it_is_slower(monkeypatch):
    units = {"avx512_bf16": True, "amx_bf16": False, "cpu_name": "Intel Xeon"}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)
    assert not machine.computes_bf16(gpu=False)
    units["amx_bf16"] = True
    assert machine.computes_bf16(gpu=False)
    assert machine.fastest_attention("auto", gpu=False, bf16=False) is None

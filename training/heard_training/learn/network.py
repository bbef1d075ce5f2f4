"""The network: an encoder, pooling of its tokens, and up to three groups of heads.

With attention pooling every target and every signal weighs the tokens for itself (Yang et al.
2016): what tells of a threat to leave is a few words, which a mean over the message dilutes.

Levels are ordinal: per target a first logit and non-negative steps down from it, so that
P(level >= 1) >= P(level >= 2) >= P(level >= 3) holds for every input. (Cumulative logits as in
the proportional odds model, McCullagh 1980, but with steps that depend on the input.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from heard.labels import BIO, MAX_LEVEL
from heard_training.config import Config
from heard_training.data.features import IGNORED_TAG
from heard_training.errors import TrainingError
from heard_training.learn.machine import fastest_attention, uses_gpu
from heard_training.learn.rounding import plain_products, round_products, switch

__all__ = ["HeardConfig", "HeardNetwork", "HeardOutput", "count_known"]

#: The score of padding: its share of a softmax is zero.
_HIDDEN = -1e4


class HeardConfig(PretrainedConfig):
    """The encoder's own configuration beside names and sizes of the heads."""

    model_type = "heard"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        targets: list[str] | None = None,
        max_level: int = 3,
        signals: list[str] | None = None,
        spans: list[str] | None = None,
        dropout: float = 0.1,
        pooling: str = "mean",
        rounded: bool = False,
        loss_weights: dict[str, float] | None = None,
        **kwargs: Any,  # noqa: ANN401 - transformers' own
    ) -> None:
        self.encoder = encoder or {}
        self.targets = targets or []
        self.max_level = max_level
        self.signals = signals or []
        self.spans = spans or []
        self.dropout = dropout
        self.pooling = pooling
        self.rounded = rounded
        self.loss_weights = loss_weights or {"levels": 1.0, "signals": 1.0, "spans": 0.5}
        super().__init__(**kwargs)


@dataclass
class HeardOutput(ModelOutput):
    """Logits: ``levels`` ``[batch, targets, 3]``, ``signals``, ``spans`` ``[..., kinds, tags]``.

    A group that the configuration does not name is ``None``.
    """

    loss: Tensor | None = None
    levels: Tensor | None = None
    signals: Tensor | None = None
    spans: Tensor | None = None


class _Pooling(nn.Module):
    """Means of the tokens, each by weights of its own; without ``outputs`` one plain mean."""

    def __init__(self, size: int, outputs: int) -> None:
        super().__init__()
        self.queries = nn.Linear(size, outputs, bias=False) if outputs else None

    def forward(self, tokens: Tensor, attention_mask: Tensor) -> Tensor:
        """Pool ``[batch, length, size]`` to ``[batch, outputs or 1, size]``."""
        seen = attention_mask.unsqueeze(-1)
        if self.queries is None:
            weights = seen.to(tokens.dtype) / seen.sum(dim=1, keepdim=True).clamp(min=1)
        else:
            scores = self.queries(tokens).float().masked_fill(seen == 0, _HIDDEN)
            weights = scores.softmax(dim=1).to(tokens.dtype)
        return weights.transpose(1, 2) @ tokens


class HeardNetwork(PreTrainedModel):
    """Encoder and heads; ``save_pretrained`` and ``from_pretrained`` work as for any other."""

    config_class = HeardConfig
    base_model_prefix = "encoder"
    _supports_sdpa = True

    def __init__(self, config: HeardConfig, encoder: PreTrainedModel | None = None) -> None:
        """Build the network; ``encoder`` brings pretrained weights, else they start at random."""
        super().__init__(config)
        inner = AutoConfig.for_model(**config.encoder)
        self.encoder = encoder if encoder is not None else AutoModel.from_config(inner)
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None  # never used: the heads read the tokens
        if config.rounded:
            round_products(self.encoder)
        size = inner.hidden_size
        self.dropout = nn.Dropout(config.dropout)
        own = config.pooling == "attention"
        self.level_pooling = _Pooling(size, len(config.targets) if own else 0)
        self.signal_pooling = _Pooling(size, len(config.signals) if own else 0)
        self.levels = _head(size, len(config.targets) * config.max_level)
        self.signals = _head(size, len(config.signals))
        self.spans = _head(size, len(config.spans) * len(BIO))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    @classmethod
    def from_encoder(cls, name: str, config: Config) -> HeardNetwork:
        """Put fresh heads on a pretrained encoder, a hub name or a folder.

        The folder may hold a network of our own: then its encoder is taken.
        """
        dropout = config.network.dropout
        gpu = uses_gpu(config.fit.device)
        attention = fastest_attention(config.network.attention, gpu, config.fit.bf16)
        encoder = _load_encoder(name, dropout, attention)
        if config.network.layers:
            _thin_out(encoder, config.network.layers)
        described = encoder.config.to_dict()
        described.pop("_name_or_path", None)  # where it lay on this machine is nobody's business
        weights = {
            "levels": config.fit.level_weight,
            "signals": config.fit.signal_weight,
            "spans": config.fit.span_weight,
        }
        heads = HeardConfig(
            encoder=described,
            targets=list(config.heads.levels),
            max_level=MAX_LEVEL,
            signals=list(config.heads.signals),
            spans=list(config.heads.spans),
            dropout=dropout,
            pooling=config.network.pooling,
            rounded=config.fit.rounded_share > 0,
            loss_weights=weights,
        )
        network = cls(heads, encoder)
        switch(network.encoder, on=False)
        for head in filter(None, (network.levels, network.signals, network.spans)):
            network._init_weights(head)
        for pooling in (network.level_pooling, network.signal_pooling):
            if pooling.queries is not None:
                nn.init.zeros_(pooling.queries.weight)  # a plain mean, to begin with
        return network

    @torch.no_grad()
    def take_heads(self, other: HeardNetwork) -> list[str]:
        """Copy the heads of the outputs that ``other`` has too; returns their names."""
        taken = []
        groups = (
            ("targets", self.levels, other.levels, "level_pooling"),
            ("signals", self.signals, other.signals, "signal_pooling"),
            ("spans", self.spans, other.spans, ""),
        )
        for group, own, theirs, pooling in groups:
            names, known = getattr(self.config, group), getattr(other.config, group)
            queries = [getattr(net, pooling).queries if pooling else None for net in (self, other)]
            for place, name in enumerate(names):
                if name not in known:
                    continue
                there = known.index(name)
                for a, b in ((own.weight, theirs.weight), (own.bias, theirs.bias)):
                    # An output's rows stand together: three of a level, one a tag of a kind.
                    a.view(len(names), -1)[place] = b.view(len(known), -1)[there]
                if all(queries):
                    queries[0].weight[place] = queries[1].weight[there]
                taken.append(name)
        return taken

    @torch.no_grad()
    def start_at_base_rates(self, levels: Tensor, signals: Tensor, tags: Tensor) -> None:
        """Set the heads' biases so that an untrained network already says the base rates.

        A rare output that starts at one half spends epochs on unlearning that.

        Args:
            levels: ``[targets, 3]``, rates of level >= k.
            signals: ``[signals]``, rates of presence.
            tags: ``[kinds, tags]``, rates of each tag.
        """
        if self.levels is not None:
            chain = torch.logit(levels.clamp(1e-3, 1 - 1e-3))
            # The heads give steps through softplus; undo it. A step is at least a hundredth.
            steps = torch.log(torch.expm1((chain[:, :-1] - chain[:, 1:]).clamp(min=1e-2)))
            self.levels.bias.copy_(torch.cat([chain[:, :1], steps], dim=1).flatten())
        if self.signals is not None:
            self.signals.bias.copy_(torch.logit(signals.clamp(1e-3, 1 - 1e-3)))
        if self.spans is not None:
            self.spans.bias.copy_(tags.clamp(min=1e-4).log().flatten())

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        level_targets: Tensor | None = None,
        level_mask: Tensor | None = None,
        signal_targets: Tensor | None = None,
        signal_mask: Tensor | None = None,
        span_tags: Tensor | None = None,
        num_items_in_batch: Tensor | None = None,
        **_: Any,  # noqa: ANN401 - Trainer passes its own extras
    ) -> HeardOutput:
        """Run the network; with targets, the loss too.

        Args:
            input_ids: ``[batch, length]``.
            attention_mask: ``[batch, length]``, 1 for tokens and 0 for padding.
            level_targets: ``[batch, targets, 3]``, soft.
            level_mask: of that shape, 1 where it is known.
            signal_targets: ``[batch, signals]``, soft.
            signal_mask: of that shape, 1 where it is known.
            span_tags: ``[batch, length, kinds]``, ``IGNORED_TAG`` where unknown.
            num_items_in_batch: ``[3]``, what :func:`count_known` gives for the whole step of which
                this is a part, as Trainer calls it: the losses are the part's share of the step's
                means. Without it they are means over this batch.
        """
        tokens = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        output = self.heads(tokens, attention_mask)
        if level_targets is not None:
            known = num_items_in_batch
            if known is None:
                masks = {"level_mask": level_mask, "signal_mask": signal_mask}
                known = count_known({**masks, "span_tags": span_tags})
            levels, signals, tags = known.clamp(min=1)
            losses = {}
            if output.levels is not None:
                losses["levels"] = _masked_bce(output.levels, level_targets, level_mask, levels)
            if output.signals is not None:
                losses["signals"] = _masked_bce(
                    output.signals, signal_targets, signal_mask, signals
                )
            if output.spans is not None:
                losses["spans"] = _tag_loss(output.spans, span_tags, tags)
            output.loss = _weighted(losses, self.config.loss_weights)
        return output

    def heads(self, tokens: Tensor, attention_mask: Tensor) -> HeardOutput:
        """Read the three groups of outputs off the encoder's tokens, ``[batch, length, size]``."""
        output = HeardOutput()
        if self.levels is not None:
            pooled = self.dropout(self.level_pooling(tokens, attention_mask))
            output.levels = self._chain(_each(self.levels, pooled, self.config.max_level))
        if self.signals is not None:
            pooled = self.dropout(self.signal_pooling(tokens, attention_mask))
            output.signals = _each(self.signals, pooled, 1)[..., 0]
        if self.spans is not None:
            output.spans = self.spans(self.dropout(tokens)).reshape(
                tokens.shape[0], tokens.shape[1], len(self.config.spans), len(BIO)
            )
        return output

    def _chain(self, raw: Tensor) -> Tensor:
        """Turn first logits and steps into logits that never cross."""
        first, steps = raw[..., :1], raw[..., 1:]
        return torch.cat([first, first - functional.softplus(steps).cumsum(dim=-1)], dim=-1)


def _load_encoder(name: str, dropout: float, attention: str | None) -> PreTrainedModel:
    known, _ = PretrainedConfig.get_config_dict(name)
    how: dict[str, Any] = {"dtype": torch.float32}
    if attention is not None:
        how["attn_implementation"] = attention
    if known.get("model_type") == HeardConfig.model_type:
        trained: PreTrainedModel = HeardNetwork.from_pretrained(name, **how).encoder
        plain_products(trained)
        return trained
    # The names under which encoders know these two; those that have others keep their own.
    changes = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": 0.0}
    own = AutoConfig.from_pretrained(name).to_dict()
    how |= {key: value for key, value in changes.items() if key in own}
    try:
        encoder: PreTrainedModel = AutoModel.from_pretrained(name, **how)
    except ValueError as error:  # transformers has no class for it
        if "attention implementation" not in str(error):
            raise
        raise TrainingError(
            f"network.attention is {attention!r}, which {name} does not have: leave it at 'auto'."
        ) from None
    return encoder


def _thin_out(encoder: PreTrainedModel, count: int) -> None:
    """Keep ``count`` layers, evenly spread, the last among them (DistilBERT, Sanh et al. 2019)."""
    layers = getattr(getattr(encoder, "encoder", None), "layer", None)
    if layers is None or count > len(layers):
        raise TrainingError(
            f"network.layers is {count}: choose at most {len(layers or ())}, in an encoder of "
            "BERT's layout."
        )
    every = len(layers) / count
    kept = [layers[round((place + 1) * every) - 1] for place in range(count)]
    encoder.encoder.layer = nn.ModuleList(kept)
    encoder.config.num_hidden_layers = count


def _head(size: int, outputs: int) -> nn.Linear | None:
    return nn.Linear(size, outputs) if outputs else None


def _each(head: nn.Linear, pooled: Tensor, logits: int) -> Tensor:
    """Apply each output's rows of a head to what was pooled for it: ``[batch, outputs, logits]``.

    ``pooled`` is ``[batch, outputs or 1, size]``.
    """
    weight = head.weight.reshape(-1, logits, head.in_features)
    bias = head.bias.reshape(-1, logits)
    return (pooled.unsqueeze(2) * weight).sum(dim=-1) + bias


def count_known(batch: Mapping[str, Tensor]) -> Tensor:
    """Count the levels, signals and tags that the rows of a batch know: ``[3]``, float32."""
    known = (
        batch["level_mask"].sum(),
        batch["signal_mask"].sum(),
        (batch["span_tags"] != IGNORED_TAG).sum(),
    )
    return torch.stack([count.float() for count in known])


def _masked_bce(logits: Tensor, targets: Tensor, mask: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy with soft targets, as a share of the mean over all that is known."""
    loss = functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
    return (loss * mask).sum() / known


def _tag_loss(logits: Tensor, tags: Tensor, known: Tensor) -> Tensor:
    """Cross-entropy over tags, as a share of the mean over all tokens that have one."""
    total = functional.cross_entropy(
        logits.float().flatten(0, -2), tags.flatten(), ignore_index=IGNORED_TAG, reduction="sum"
    )
    return total / known


def _weighted(losses: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    return torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()

"""Two messages in one: as strong as the stronger, tagged as both."""

import numpy as np
import pytest

from heard_training.config import load_config
from heard_training.data.corpus import build_corpus
from heard_training.data.features import LEARNED, encode_rows, special_tokens
from heard_training.data.joined import with_joined
from heard_training.errors import TrainingError


@pytest.fixture(scope="module")
def rows(config, tokenizer):
    corpus, _ = build_corpus(config)
    return encode_rows(corpus["train"].select(range(30)), tokenizer)


def test_a_joined_row_is_as_strong_as_the_stronger(rows, tokenizer):
    lead, tail = special_tokens(tokenizer)
    more = with_joined(rows, 0.5, 0, tokenizer)
    assert len(more) == len(rows) + len(rows) // 2
    assert more.column_names == LEARNED
    for row in more.select(range(len(rows), len(more))):
        ids = row["input_ids"]
        assert row["length"] == len(ids) <= tokenizer.window
        ((one, two),) = [
            (one, two)
            for one in rows
            for two in rows
            if one["input_ids"][: one["length"] - tail] + two["input_ids"][lead:] == ids
        ]
        for name in ("level_targets", "signal_targets"):
            np.testing.assert_array_equal(row[name], np.maximum(one[name], two[name]))
        assert (
            row["span_tags"] == one["span_tags"][: one["length"] - tail] + two["span_tags"][lead:]
        )


def test_what_one_does_not_know_is_not_known(rows, tokenizer):
    unknown = rows.map(lambda row: {"signal_mask": np.zeros_like(row["signal_mask"]).tolist()})
    more = with_joined(unknown, 0.2, 0, tokenizer)
    assert not np.array(more["signal_mask"][:]).any()
    assert np.array(more["level_mask"][:]).any()


def test_the_seed_draws_the_pairs(rows, tokenizer):
    ids = [with_joined(rows, 0.3, seed, tokenizer)["input_ids"][:] for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]


def test_a_share_beyond_one_is_refused(tiny_config):
    with pytest.raises(TrainingError, match=r"fit\.joined_share"):
        load_config(tiny_config, ["fit.joined_share=1.5"])

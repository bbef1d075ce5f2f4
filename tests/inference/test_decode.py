"""Decisions in numpy: levels, pooling, spans."""

import numpy as np
import pytest

from heard.bundle import Calibration, Thresholds
from heard.decode import decide_levels, find_spans, merge_spans, pool, probabilities, sigmoid
from heard.labels import BIO, SIGNAL_NAMES, SPAN_NAMES, TARGET_NAMES
from heard.tokens import Window

ORDERED = np.sort(np.random.default_rng(3).normal(size=(200, 5, 3)) * 4, axis=-1)[..., ::-1]


def test_sigmoid_is_exact_at_both_ends():
    assert sigmoid(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("at_least", "level"),
    [([0.4, 0.3, 0.2], 0), ([0.6, 0.3, 0.2], 1), ([0.9, 0.8, 0.7], 3), ([0.4, 0.39, 0.38], 0)],
)
def test_a_level_needs_every_threshold_below_it(at_least, level):
    assert decide_levels(np.array([at_least]), np.array([[0.5, 0.35, 0.3]])).tolist() == [level]


def test_calibration_keeps_cumulative_probabilities_in_order():
    by = Calibration(
        np.full(5, 0.7),
        np.tile([0.5, 0.1, -2.0], (5, 1)),
        np.ones(10),
        np.zeros(10),
    )
    levels, _ = probabilities(ORDERED, np.zeros((200, 10)), by)
    assert (np.diff(levels, axis=-1) <= 0).all()


@pytest.mark.parametrize("how", ["max", "mean"])
def test_pooling_windows_keeps_the_order(how):
    pooled = pool(ORDERED[:7], how)
    assert pooled.shape == (5, 3)
    assert (np.diff(pooled, axis=-1) <= 0).all()


def test_a_calibration_that_could_cross_is_refused():
    values = Calibration(np.ones(5), np.zeros((5, 3)), np.ones(10), np.zeros(10)).to_dict()
    values["levels"]["angry"]["shifts"] = [0.0, 1.0, 0.0]
    with pytest.raises(ValueError, match="increase"):
        Calibration.from_dict(values)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"angri": 0.5}, "angri"),
        ({"angry": 0.5}, "3 numbers"),
        ({"angry": [0.5, 0.5, 1.5]}, "from 0 to 1"),
        ({"abusive": "high"}, "one number"),
        ({"abusive": float("nan")}, "one number"),
        ({"abusive": True}, "one number"),
        ({"abusive": "0.5"}, "one number"),
        ({"angry": [True, True, True]}, "3 numbers"),
        ({"abusive": [0.5]}, "one number"),
        ([0.5], "mapping"),
    ],
)
def test_wrong_thresholds_are_named(change, word):
    thresholds = Thresholds(np.full((5, 3), 0.5), np.full(10, 0.5))
    with pytest.raises(ValueError, match=word):
        thresholds.replaced(change)


def test_replacing_one_threshold_leaves_the_others():
    before = Thresholds(np.full((len(TARGET_NAMES), 3), 0.5), np.full(len(SIGNAL_NAMES), 0.5))
    after = before.replaced({"escalation": [0.4, 0.3, 0.2], "abusive": 0.9})
    assert after.to_dict() == {
        **before.to_dict(),
        "escalation": [0.4, 0.3, 0.2],
        "abusive": 0.9,
    }


def _tags(rows):
    """Logits that say O, B or I for the first kind, and O for the others."""
    logits = np.zeros((len(rows), len(SPAN_NAMES), 3))
    logits[..., 0] = 9
    for token, tag in enumerate(rows):
        logits[token, 0] = [9 if tag == name else 0 for name in "OBI"]
    return logits


def _offsets(text):
    places, start = [], 0
    for word in text.split(" "):
        places.append((start, start + len(word)))
        start += len(word) + 1
    return places


def test_spans_are_runs_of_member_tokens_cut_at_beginnings():
    text = "one two three four five"
    (spans,) = find_spans([text], [_offsets(text)], _tags("OBIBO"))
    assert [span.text for span in spans["problem"]] == ["two three", "four"]
    assert spans["need"] == ()
    assert all(text[s.start : s.end] == s.text and 0.5 <= s.score <= 1 for s in spans["problem"])


@pytest.mark.parametrize(
    ("chances", "wanted"),
    [
        ([0.6, 0.35, 0.4, 0.7, 0.1], ["one two three four"]),
        ([0.6, 0.2, 0.4, 0.7, 0.1], ["one", "three four"]),
        ([0.4, 0.4, 0.4, 0.1, 0.1], []),
        ([0.1, 0.1, 0.4, 0.1, 0.9], ["five"]),
    ],
)
def test_doubtful_words_carry_a_span_further_and_make_none(chances, wanted):
    text = "one two three four five"
    logits = np.full((5, len(SPAN_NAMES), len(BIO)), -30.0)
    logits[..., BIO.index("O")] = 0.0
    odds = np.array(chances) / (1 - np.array(chances))
    logits[:, 0, BIO.index("I")] = np.log(odds)
    (spans,) = find_spans([text], [_offsets(text)], logits)
    assert [span.text for span in spans["problem"]] == wanted


def test_spans_are_widened_to_whole_words_and_the_best_few_kept():
    text = "unbelievable mess here now too"
    pieces = [(0, 2), (2, 9), (9, 12), (13, 17), (18, 22), (23, 26), (27, 30)]
    (spans,) = find_spans([text], [pieces], _tags("OBOBOBO"))
    assert [span.text for span in spans["problem"]] == ["unbelievable", "mess"]


def test_no_span_reaches_from_one_message_into_the_next():
    texts = ["one two", "", "three four", "five"]
    offsets = [_offsets(text) if text else [] for text in texts]
    found = find_spans(texts, offsets, _tags("OBIII"))
    assert [[span.text for span in spans["problem"]] for spans in found] == [
        ["two"],
        [],
        ["three four"],
        ["five"],
    ]


def test_commas_at_the_ends_are_no_part_of_a_span():
    text = "damn, it broke"
    (spans,) = find_spans([text], [[(0, 4), (4, 5), (6, 8), (9, 14)]], _tags("BIOO"))
    assert [(span.start, span.end, span.text) for span in spans["problem"]] == [(0, 4, "damn")]


def test_a_token_of_two_windows_is_read_where_it_has_context():
    windows = [Window((0,) * 6, 0, 4, 1), Window((0,) * 6, 2, 4, 1)]
    first, second = np.zeros((6, 3, 3)), np.ones((6, 3, 3))
    merged = merge_spans(windows, [first, second])
    assert merged[:, 0, 0].tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "start", "end", "wanted"),
    [
        ("that's what I was", 4, 17, "that's what I was"),
        ("it doesn\u2019t charge", 7, 8, "doesn\u2019t"),
        ("the 'new' one", 5, 8, "new"),
        ("my parents' car", 3, 10, "parents"),
        ("broken", 2, 4, "broken"),
    ],
)
def test_a_span_cuts_no_word(text, start, end, wanted):
    logits = np.full((1, len(SPAN_NAMES), len(BIO)), -9.0)
    logits[0, :, BIO.index("O")] = 9.0
    logits[0, 0] = [-9.0, 9.0, -9.0]
    (found,) = find_spans([text], [[(start, end)]], logits)
    assert [span.text for span in found[SPAN_NAMES[0]]] == [wanted]

"""The shipped model through its public interface."""

import dataclasses
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import heard
from heard import InputError
from heard.labels import EMOTION_NAMES, SIGNAL_NAMES, SPAN_NAMES, STRENGTHS, TARGET_NAMES

TEXTS = [
    "Hi, do you deliver to the Isle of Skye?",
    "Third call this week and my boiler still isn't fixed!",
    "no",
    "My card was refused at the till, everyone was staring at me. I felt like a criminal.",
    "\U0001f621\U0001f621 @NorvikAir worst. airline. ever.",
    "You charged me twice and your agent hung up. Put your manager on or my lawyer will write. "
    * 3,
]


def test_a_refused_card_under_everyones_eyes_is_humiliation(analyzer):
    found = analyzer.assess("My card was refused at the till, everyone was staring at me")
    assert found.primary == "humiliated"


def test_the_result_has_the_declared_shape(analyzer):
    found = analyzer.assess(TEXTS[1])
    written = found.to_dict()
    assert json.loads(json.dumps(written)) == written
    assert tuple(written["emotions"]) == EMOTION_NAMES
    assert tuple(written["signal_probabilities"]) == SIGNAL_NAMES
    assert tuple(written["spans"]) == SPAN_NAMES
    # The text is private: kept for replies, and never written out or printed.
    assert set(written) | {"text"} == {field.name for field in dataclasses.fields(found)}
    assert found.text == TEXTS[1] and TEXTS[1] not in repr(found)
    assert type(found).from_dict(written, TEXTS[1]).to_dict() == written
    for name in EMOTION_NAMES:
        emotion = found.emotions[name]
        assert emotion.strength == STRENGTHS[emotion.level].name
        assert emotion.probability == emotion.at_least[0]
        assert list(emotion.at_least) == sorted(emotion.at_least, reverse=True)
    assert found.escalation.risk == found.escalation.at_least[1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.primary = "angry"


def test_spans_are_the_customers_own_words(analyzer):
    text = "\U0001f621 Third call and my boiler still isn\u2019t fixed, \U0001f621 I am fed up!"
    spans = [span for kind in analyzer.assess(text).spans.values() for span in kind]
    assert spans
    assert all(text[span.start : span.end] == span.text for span in spans)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\ufeff"])
def test_blank_text_is_calm(analyzer, text):
    found = analyzer.assess(text)
    assert (found.primary, found.escalation.level, found.signals) == ("none", 0, ())
    assert (found.tokens, found.windows, found.unknown_share) == (0, 0, 0.0)


@pytest.mark.parametrize("text", [None, 3, b"bytes", "a\0b", "\ud800"])
def test_what_is_no_text_is_refused(analyzer, text):
    with pytest.raises(InputError):
        analyzer.assess(text)


def test_the_position_of_a_bad_message_is_named(analyzer):
    with pytest.raises(InputError, match="Message 2"):
        analyzer.assess_many(["a", "b", None])


@pytest.mark.parametrize("texts", [None, 5])
def test_what_is_no_list_is_refused(analyzer, texts):
    with pytest.raises(InputError, match="list"):
        analyzer.assess_many(texts)


def test_one_text_in_place_of_a_list_is_refused(analyzer):
    with pytest.raises(InputError, match="list"):
        analyzer.assess_many("hello")


def test_alone_in_batches_and_in_any_order_the_answer_is_the_same(analyzer):
    alone = [analyzer.assess(text) for text in TEXTS]
    many = analyzer.assess_many(TEXTS * 7)
    assert [_decided(a) for a in many] == [_decided(a) for a in alone] * 7
    backwards = analyzer.assess_many(TEXTS[::-1])[::-1]
    assert [_decided(a) for a in backwards] == [_decided(a) for a in alone]


def _decided(found):
    levels = [found.emotions[name].level for name in EMOTION_NAMES]
    return (
        levels,
        found.escalation.level,
        [signal.name for signal in found.signals],
        [(s.start, s.end) for kind in found.spans.values() for s in kind],
    )


def test_assess_iter_streams(analyzer):
    def endless():
        while True:
            yield "Where is my parcel?"

    stream = analyzer.assess_iter(endless())
    assert next(stream).escalation.level <= 1


def test_a_long_message_is_read_in_windows(analyzer):
    calm = "The parcel came on Monday and the box was blue. "
    rage = "You lying thieves, I will see you in court! "
    found = analyzer.assess(calm * 60 + rage + calm * 60)
    assert found.windows > 3
    assert not found.truncated
    assert found.escalation.level >= 2


def test_ten_megabytes_are_cut_at_the_cap_and_said_so(analyzer):
    found = analyzer.assess("waiting and waiting " * 500_000)
    assert found.truncated
    assert found.tokens <= analyzer.bundle.max_characters


def test_language_and_unknown_words_are_reported(analyzer):
    assert analyzer.assess(TEXTS[1]).language == "en"
    assert analyzer.assess("Mi pedido no ha llegado y nadie me contesta").language == "other"
    assert analyzer.assess("ok").language == "unknown"
    assert analyzer.assess("\u16a0\u16a1 \u16a2\u16a3 \u16a4").unknown_share == 1.0


def test_thresholds_can_be_overridden(analyzer):
    text = TEXTS[0]
    assert analyzer.assess(text).escalation.level == 0
    eager = heard.load(thresholds={"escalation": [0, 0, 0], "abusive": 0.0})
    found = eager.assess(text)
    assert found.escalation.level == 3
    assert "abusive" in [signal.name for signal in found.signals]
    assert found.escalation.at_least == analyzer.assess(text).escalation.at_least


@pytest.mark.parametrize("threads", [0, -1, True, 1.5, "2"])
def test_a_thread_count_that_is_none_is_refused(threads):
    with pytest.raises(InputError, match="threads"):
        heard.load(threads=threads)


def test_threads_share_one_analyzer():
    shared = heard.load(threads=1)
    wanted = [_decided(a) for a in map(shared.assess, TEXTS)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shared.assess, TEXTS * 10))
    assert [_decided(a) for a in found] == wanted * 10


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork here")
def test_a_forked_child_makes_its_own_session(analyzer):
    analyzer.assess(TEXTS[0])
    context = multiprocessing.get_context("fork")
    with context.Pool(2, initializer=_remember, initargs=(analyzer,)) as pool:
        levels = pool.map_async(_level_of, TEXTS).get(timeout=60)
    assert levels == [analyzer.assess(text).escalation.level for text in TEXTS]


_HERE = []


def _remember(analyzer):
    _HERE.append(analyzer)


def _level_of(text):
    return _HERE[0].assess(text).escalation.level


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_can_also_end():
    code = (
        "import heard, os, sys, time\n"
        "heard.load().assess('warm')\n"
        "child = os.fork()\n"
        "if child == 0: sys.exit(7)\n"
        "for _ in range(100):\n"
        "    done, status = os.waitpid(child, os.WNOHANG)\n"
        "    if done: sys.exit(os.waitstatus_to_exitcode(status))\n"
        "    time.sleep(0.1)\n"
        "os.kill(child, 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 7


def test_answers_before_a_bad_message_are_given(analyzer):
    stream = analyzer.assess_iter(["hello", "Where is it?", None])
    assert [next(stream).tokens, next(stream).tokens] == [1, 4]
    with pytest.raises(InputError, match="Message 2"):
        next(stream)


def test_a_message_of_emoji_costs_no_more_than_the_cap(analyzer):
    found = analyzer.assess("\U0001f621" * 20_000)
    assert found.truncated
    assert found.tokens <= analyzer.bundle.max_characters


def test_a_session_pickles_as_a_recipe(analyzer):
    analyzer.assess("warm")
    again = pickle.loads(pickle.dumps(analyzer.session))  # noqa: S301
    assert (again.path, again.threads) == (analyzer.session.path, analyzer.session.threads)


def test_an_analyzer_goes_along_to_a_spawned_process(analyzer):
    again = pickle.loads(pickle.dumps(analyzer))  # noqa: S301
    assert again.assess(TEXTS[1]) == analyzer.assess(TEXTS[1])


def test_importing_the_package_imports_nothing_that_takes_time():
    code = (
        "import sys, heard;"
        "print(sorted({'numpy', 'onnxruntime', 'tokenizers', 'heard.analyzer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_reading_a_message_imports_nothing_heavy():
    code = (
        "import sys, heard; heard.load().assess('Where is my parcel?');"
        "heavy = {'torch', 'transformers', 'datasets', 'sklearn', 'scipy', 'fastapi', 'pandas',"
        "'ray', 'onnx', 'heard_training'} & set(sys.modules); print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_package_exports_a_handful_of_names():
    assert sorted(heard.__all__) == [
        "Analyzer",
        "Assessment",
        "BundleError",
        "Context",
        "Conversation",
        "Finding",
        "HeardError",
        "InputError",
        "Playbook",
        "PlaybookError",
        "Recommendation",
        "__version__",
        "check_reply",
        "load",
        "read_playbook",
        "recommend",
    ]
    assert all(getattr(heard, name) is not None for name in heard.__all__)
    assert set(heard.__all__) <= set(dir(heard))
    assert len(TARGET_NAMES) == 5

"""The report: figures that are right, from counts of fixed size, on one page."""

import math
import pickle
import re
from collections import Counter
from datetime import datetime
from math import ceil

import pytest
from read_page import Page
from scored_rows import THRESHOLD, many, scored

from heard.batch.columns import COLUMNS
from heard.batch.report import Tally, page
from heard.batch.report.counting.rates import Rate
from heard.labels import EMOTION_NAMES, SIGNAL_NAMES
from heard.types import ModelInfo

MODEL = ModelInfo("heard-en", "9.9.9", "c0ffee" * 10)
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


def tallied(rows, **columns):
    tally = Tally(THRESHOLD, **columns)
    for row in rows:
        tally.add(row)
    return tally


def read(tally, **told):
    return Page(page(tally, **told))


def percent(share):
    return f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"


@pytest.fixture(scope="module")
def timed():
    """Rows with the time at which their tickets escalated, where they did, and their page."""
    rows = list(many(4000))
    return rows, read(tallied(rows, date_column="created", outcome_column="escalated"))


def lead(row):
    """Seconds from the message to the escalation; ``None`` where its ticket did not escalate."""
    if not row["escalated"]:
        return None
    times = (datetime.fromisoformat(row[name]) for name in ("created", "escalated"))
    written, escalated = times
    return (escalated - written).total_seconds()


BACKTEST = "What each threshold"


def test_the_back_test_is_that_of_the_rows(timed):
    rows, found = timed
    lines = found.rows(BACKTEST)
    assert [*lines] == sorted(lines) and len(lines) == 20
    judged = [row for row in rows if (lead(row) or 0) >= 0]
    yes = [row for row in judged if row["escalated"]]
    assert 0 < len(yes) < len(judged) < len(rows)
    days = {row["created"][:10] for row in rows}
    for name, line in lines.items():
        threshold = float(name.split()[0])
        flagged = [row for row in rows if row["risk"] >= threshold]
        by_day = Counter(row["created"][:10] for row in flagged)
        assert line["flagged"] == f"{len(flagged):,}"
        assert line["a day"] == f"{len(flagged) / len(days):,.1f}"
        assert line["busiest day"] == f"{max(by_day.values()):,}"
        hits = sum(row["risk"] >= threshold for row in yes)
        alarms = sum(row["risk"] >= threshold for row in judged)
        assert line["precision"].split()[0] == percent(hits / alarms)
        assert line["recall"].split()[0] == percent(hits / len(yes))
    assert f"{len(rows) - len(judged)} messages came after the ticket had escalated" in found.text


def test_lead_times_are_those_of_the_rows():
    rows = list(many(4000))
    tally = tallied(rows, date_column="created", outcome_column="escalated")
    for line in tally.lines():
        times = sorted(
            lead(row)
            for row in rows
            if row["risk"] >= line.threshold and row["escalated"] and lead(row) >= 0
        )
        assert line.lead.messages == len(times)
        for share, quantile in ((0.25, "lower"), (0.5, "median"), (0.75, "upper")):
            exact = times[ceil(share * len(times)) - 1]
            assert getattr(line.lead, quantile) == pytest.approx(exact, rel=0.06)


def test_lead_times_in_whole_days_are_exact_and_say_so():
    rows = [
        scored(0.9, created="2026-11-20 23:00", escalated=f"2026-11-{day}") for day in (20, 22, 25)
    ]
    tally = tallied(rows, date_column="created", outcome_column="escalated")
    median = tally.lines()[0].lead
    assert (median.lower, median.median, median.upper) == (0, 2 * 86_400, 5 * 86_400)
    assert "3 lead times could be told in whole days only" in read(tally).text


def test_the_model_s_own_threshold_is_a_line_of_its_own(timed):
    _, found = timed
    (own,) = [name for name in found.rows(BACKTEST) if "own" in name]
    assert own.startswith("0.411")
    unmarked = read(tallied([scored(0.5)]))
    assert len(unmarked.rows(BACKTEST)) == 20
    half = Tally(0.5)
    half.add(scored(0.5))
    assert len(read(half).rows(BACKTEST)) == 19


@pytest.mark.parametrize("own", [0.411, 0.0102])  # the second is more, times 10,000, than 102
def test_a_risk_at_a_threshold_is_flagged(own):
    tally = Tally(own)
    steps = [k / 10_000 for k in range(0, 10_001)]
    for risk in steps:
        tally.add(scored(risk))
    for line in tally.lines():
        assert line.flagged == Rate(sum(risk >= line.threshold for risk in steps), len(steps))


def test_intervals_are_wilson_s():
    low, high = Rate(8, 10).interval  # Newcombe (1998) and textbooks: 0.490 to 0.943
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    for rate in (Rate(0, 20), Rate(20, 20)):
        low, high = rate.interval
        assert 0 <= low < high <= 1 and rate.share in (low, high)
    assert Rate(0, 0).share is None and Rate(0, 0).interval == (0, 1)


def test_an_empty_outcome_is_no_where_the_column_never_says_no():
    rows = [scored(0.9, really="yes"), scored(0.9, really=""), scored(0.1, really="")]
    silent = tallied(rows, outcome_column="really")
    assert silent.escalated(silent.total) == Rate(1, 3)
    spoken = tallied([*rows, scored(0.9, really="no")], outcome_column="really")
    assert spoken.escalated(spoken.total) == Rate(1, 2)
    assert "2 empty values: left out, because the column also says no" in read(spoken).text
    assert "2 empty values: taken as “did not escalate”" in read(silent).text


def test_outcomes_that_cannot_be_read_are_told_and_left_out():
    rows = [scored(0.9, really=value) for value in ("yes", "no", "maybe", "who knows")]
    tally = tallied(rows, outcome_column="really")
    assert tally.escalated(tally.total) == Rate(1, 2)
    text = read(tally).text
    assert "2 values of the outcome column could not be read" in text
    assert "who knows" not in text  # it could be anything, a message even


def test_without_an_outcome_there_is_no_precision_and_without_dates_no_day():
    found = read(tallied(many(50)))
    line = found.rows(BACKTEST)["0.05"]
    assert [*line] == ["risk from", "flagged", "share"]
    assert "Over time" not in found.text and "Counted by message, not by ticket" in found.text


def test_distributions_are_those_of_the_rows(timed):
    rows, found = timed
    levels = Counter(row["escalation"] for row in rows)
    shown = found.rows("Messages by level")
    for name, n in levels.items():
        (line,) = [line for key, line in shown.items() if key.lower().startswith(name)]
        assert line["messages"] == f"{n:,}" and line["share"] == percent(n / len(rows))
    signals = Counter(name for row in rows for name in row["signals"].split())
    shown = found.rows("Messages by signal")
    most = signals.most_common(1)[0][0].replace("_", " ")
    assert next(iter(shown)).lower().startswith(most)
    assert sorted(int(line["messages"].replace(",", "")) for line in shown.values()) == sorted(
        signals[name] for name in SIGNAL_NAMES
    )
    for emotion in EMOTION_NAMES:
        (line,) = [
            line
            for key, line in found.rows("Messages by the strength").items()
            if key.lower().startswith(emotion)
        ]
        for level, strength in enumerate(("none", "slight", "clear", "strong")):
            n = sum(row[f"{emotion}_level"] == level for row in rows)
            assert line[strength].split()[0] == f"{n:,}"
        assert line["uncertain"].split()[0] == f"{sum(emotion in r['uncertain'] for r in rows):,}"
    risks = found.rows("Messages by risk")
    assert risks["0.00 to 0.05"]["messages"] == f"{sum(r['risk'] < 0.05 for r in rows):,}"
    assert sum(int(line["messages"].replace(",", "")) for line in risks.values()) == len(rows)


def test_the_trend_is_that_of_the_rows(timed):
    rows, found = timed
    shown = found.rows("Messages by day")
    by_day = Counter(row["created"][:10] for row in rows)
    assert {day: line["messages"] for day, line in shown.items()} == {
        day: str(n) for day, n in by_day.items()
    }
    for day, line in shown.items():
        of_day = [row for row in rows if row["created"].startswith(day)]
        high = sum(row["escalation_level"] >= 2 for row in of_day) / len(of_day)
        assert line["high or critical"].split()[0] == percent(high)
    assert f"written {min(by_day)} to {max(by_day)}" in found.text


def test_the_lists_hold_the_highest_risks_and_the_highest_entropies(timed):
    rows, found = timed

    def bits(row):
        chances = [row[f"{name}_probability"] for name in EMOTION_NAMES] + [row["risk"]]
        return sum(-p * math.log2(p) for q in chances for p in (q, 1 - q) if p > 0)

    for caption, score in (
        ("The highest risk", lambda row: row["risk"]),
        ("The most uncertain", bits),
    ):
        best = sorted(rows, key=score, reverse=True)[:20]  # stable: the first of equals stays first
        assert [*found.rows(caption)] == [row["id"] for row in best]


def test_dates_that_cannot_be_read_are_told():
    dates = ("2026-11-22", "", None, "soon", "9999-12-31")
    found = read(tallied([scored(when=one) for one in dates], date_column="when"))
    assert "2 messages had no date." in found.text
    assert "2 messages had a date that could not be read" in found.text
    assert found.rows("Messages by day")["2026-11-22"]["messages"] == "1"
    nothing = read(tallied([scored(when="soon")], date_column="when")).text
    assert "no message with a date that could be read" in nothing


def test_a_date_that_fits_two_days_is_told_and_turned_round_by_a_later_one():
    unsure = tallied([scored(when="03/04/2026")], date_column="when")
    assert "read with the day first, 03/04/2026 as 3 April" in read(unsure).text
    unsure.add(scored(when="11/22/2026"))
    assert "show that 03/04/2026 is 4 March" in read(unsure).text
    assert "written 2026-03-04 to 2026-11-22" in read(unsure).text
    unsure.add(scored(when="22/11/2026"))
    assert "mixes day/month with month/day" in read(unsure).text


def test_the_tally_does_not_grow_with_the_rows():
    def size(n):
        rows = many(n, seed=n)
        tally = Tally(THRESHOLD, date_column="created", outcome_column="escalated")
        for row in rows:
            tally.add(row | {"id": row["id"] + "x" * 5000, "text": "private " * 100})
        return len(pickle.dumps(tally))

    few, lots = size(3000), size(24_000)
    assert lots < 300_000
    assert lots < 1.25 * few  # figures grow by a digit; nothing else does


def test_no_text_is_on_the_page_or_in_the_tally():
    tally = tallied([scored(0.9, text="my private words", when="2026-11-22")], date_column="when")
    assert b"private words" not in pickle.dumps(tally)
    assert "private words" not in page(tally)


def test_what_comes_from_the_file_is_text_and_never_markup():
    ids = [HOSTILE, "a\x00b\x1b[31m", "\u202egnp.exe", "\ud800", "", None, 17, "x" * 9000]
    rows = [scored(0.9, id=one, **{HOSTILE: "2026-11-22", "<b>": "yes"}) for one in ids]
    tally = tallied(rows, date_column=HOSTILE, outcome_column="<b>")
    html = page(tally, model=MODEL, source=HOSTILE + "\ud800")
    html.encode("utf-8")
    found = Page(html)
    assert not {"script", "img", "b"} & set(found.tags)
    assert HOSTILE in found.text and not [c for c in html if ord(c) < 32 and c != "\n"]
    assert "\u202e" not in html and "x" * 90 not in html
    listed = [*found.rows("The highest risk")]
    assert listed[4:6] == ["row 5", "row 6"] and listed[6] == "17"


def test_the_page_stands_by_itself(timed):
    tally = tallied(many(100), date_column="created", outcome_column="escalated")
    html = page(tally, model=MODEL, source="tickets.csv", rejected=3)
    found = Page(html)
    assert not re.search(r"(?:src|href)=\"(?!#)|url\(|@import|https?:", html)
    assert (
        "content",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ) in found.attributes
    assert found.tags["script"] == 0 and found.tags["svg"] >= 4
    targets = {value for name, value in found.attributes if name == "id"}
    assert {value for name, value in found.attributes if name == "href"} == {
        f"#{target}" for target in targets
    }
    assert "heard-en 9.9.9" in found.text and MODEL.sha256 in found.text
    assert "100 messages" in found.text and "3 rows could not be scored" in found.text


def test_every_chart_has_a_title_and_its_figures_in_a_table(timed):
    html = page(tallied(timed[0], date_column="created", outcome_column="escalated"))
    for chart in re.findall(r"<svg[^>]*role=\"img\".*?</svg>", html):
        assert re.match(r"<svg[^>]*><title>[^<]+</title>", chart)
        assert "nan" not in chart and "inf" not in chart
    assert {"Messages by risk", "Messages by day"} <= set(Page(html).tables)


@pytest.mark.parametrize("columns", [{}, {"date_column": "created", "outcome_column": "escalated"}])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_file_of_next_to_nothing_has_a_page(n, columns):
    found = read(tallied(many(n), **columns), model=MODEL)
    assert f"{n} message" in found.text
    assert ("There was no row that could be scored" in found.text) == (n == 0)


def test_a_difference_between_threshold_and_level_is_explained():
    rows = [scored(0.45, level=1), scored(0.9)]
    assert "flags 2, and 1 are called high or critical" in read(tallied(rows)).text
    assert "are called high or critical" not in read(tallied(rows[1:])).text


def test_the_rows_of_the_tests_have_the_columns_of_scored_rows():
    assert {name for name, _ in COLUMNS} <= set(scored())


@pytest.mark.slow
def test_rows_of_the_shipped_model_are_counted():
    import heard
    from heard.batch.columns import flat

    analyzer = heard.load()
    tally = Tally(float(analyzer.thresholds.levels[-1, 1]))
    texts = ["Where is my order?", "I want your manager now, you crooks!", ""]
    for number, assessment in enumerate(analyzer.assess_many(texts)):
        tally.add(flat(assessment) | {"id": f"row-{number}"})
    found = read(tally, model=analyzer.model)
    assert next(iter(found.rows("The highest risk"))) == "row-1"
    assert "asks for manager" in found.rows("The highest risk")["row-1"]["signals"]
    assert found.rows("How the messages")["blank: nothing to read"]["number"] == "1"

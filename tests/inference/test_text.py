"""Normalisation: what the model is spared, and the way back to the original."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heard import InputError
from heard.text import check_text, normalise


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain words", "plain words"),
        ("a__b__ and aXX, no@one @me.", "a__b__ and aXX, no@one @user."),
        ("@NorvikAir and __company__ hello", "@user and @user hello"),
        (
            "@NorvikHelp @norvik_care @AskNorvik @NorvikSupport2",
            "@support @support @support @support",
        ),
        ("@Carelune @HaskTel @Jorvaskair @basketly @CareyFoods", "@user @user @user @user @user"),
        ("@NorvikHelpUK @norvikcares @support __service__", "@support @support @support @user"),
        ("@Medicare @MediCare @ServiceNow @who_cares", "@user @user @user @user"),
        ("@TheHelpfulCat @Norvik_Care_Health @supporters", "@user @user @user"),
        ("mail me at a@b.example", "mail me at a@b.example"),
        ("see https://x.example/a?b=c now", "see http now"),
        ("XXXX XXXX called on XX/XX/2025", "xxxx called on xxxx"),
        ("sooooo bad!!!!!!", "sooo bad!!!"),
        ("owed 10000000", "owed 10000000"),
        ("don\u2019t \u201cquote\u201d", 'don\'t "quote"'),
        ("fu\u200bll of\ufeff holes", "full of holes"),
        ("\ufb01ne \uff37\uff2f\uff37", "fine WOW"),
        ("\U0001f621", " pouting face "),
        ("\U0001f44d\U0001f3fd", " thumbs up "),
        ("tab\tand\nline", "tab\tand\nline"),
        ("bell\x07", "bell "),
        ("", ""),
    ],
)
def test_normalised(text, wanted):
    assert normalise(text).text == wanted


def test_offsets_lead_back_to_the_words_as_they_were_written():
    text = "\U0001f621 @NorvikAir sooooo bad"
    normalised = normalise(text)
    for word, original in [
        ("pouting face", "\U0001f621"),
        ("@user", "@NorvikAir"),
        ("sooo", "sooooo"),
        ("bad", "bad"),
    ]:
        start = normalised.text.index(word)
        ((first, last),) = normalised.original([(start, start + len(word))])
        assert text[first:last] == original


@given(st.text())
def test_every_character_has_a_place_in_the_original(text):
    normalised = normalise(text)
    if normalised.starts is None:
        assert normalised.text == text
        return
    assert len(normalised.text) == len(normalised.starts) == len(normalised.ends)
    assert normalised.starts == sorted(normalised.starts)
    places = zip(normalised.starts, normalised.ends, strict=True)
    assert all(0 <= a < b <= len(text) for a, b in places)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_decoded_text_is_accepted(text):
    assert check_text(text) == text


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "NoneType"),
        (7, "int"),
        (b"bytes", "UTF-8"),
        (["a"], "list"),
        ("nul\0", "offset 3"),
        ("half \ud83d", "offset 5"),
    ],
)
def test_what_cannot_be_read_is_named(value, word):
    with pytest.raises(InputError, match=word):
        check_text(value)


def test_errors_never_repeat_the_message():
    with pytest.raises(InputError) as error:
        check_text("my secret\0")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("you are idi\u043ets", "you are idiots"),
        ("fu\u0441k this", "fuck this"),
        ("\u0441\u043ewards", "cowards"),
        ("\u041f\u0440\u0438\u0432\u0435\u0442", "\u041f\u0440\u0438\u0432\u0435\u0442"),
        ("5 \u03bam", "5 \u03bam"),
    ],
)
def test_foreign_letters_that_stand_in_for_latin_ones_are_folded(text, plain):
    found = normalise(text)
    assert found.text == plain
    assert found.original([(0, len(found.text))]) == ((0, len(text)),)

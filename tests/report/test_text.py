"""Characters and numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.report.text import (
    ASCII,
    UNICODE,
    compact,
    decimals,
    join_names,
    number,
    pad,
    percent,
    printable,
    probability,
    shorten,
    sparklines,
    width_of,
    wrap,
)

any_text = st.text(alphabet=st.characters(), max_size=30)


@given(any_text)
def test_printable_text_has_no_character_that_acts(text: str) -> None:
    assert printable(text).isprintable()


@given(any_text)
def test_printable_text_can_be_ascii(text: str) -> None:
    assert printable(text, ASCII).isascii()


@given(any_text)
def test_printable_text_stays_as_it_is(text: str) -> None:
    once = printable(text)
    assert printable(once) == once


def test_names_that_differ_in_a_control_character_stay_different() -> None:
    assert printable("a\x00") != printable("a")


@given(any_text.map(printable), st.integers(3, 20))
def test_shortened_text_fits(text: str, width: int) -> None:
    assert width_of(shorten(text, width)) <= width


@given(any_text.map(lambda text: printable(text, ASCII)), st.integers(5, 20))
def test_shortened_ascii_stays_ascii_and_fits(text: str, width: int) -> None:
    short = shorten(text, width, ASCII)
    assert short.isascii()
    assert len(short) <= width


def test_shortened_text_keeps_both_ends() -> None:
    assert shorten("customer_average_value", 9) == "cust…alue"


def test_wide_characters_take_two_cells() -> None:
    assert width_of("価格") == 4
    assert width_of(shorten("価格価格価格", 5)) <= 5


def test_combining_characters_take_no_cell() -> None:
    assert width_of("e\u0301") == 1


def test_padding_counts_cells() -> None:
    assert pad("価", 4) == "価  "
    assert pad("1", 3, right=True) == "  1"


@given(st.lists(any_text.map(printable), max_size=12).map(" ".join), st.integers(0, 8))
def test_wrapped_lines_fit(text: str, indent: int) -> None:
    assert all(width_of(line) <= 24 for line in wrap(text, 24, first="note: ", indent=indent))


@given(st.lists(st.text("abc", min_size=1, max_size=10), min_size=1, max_size=12))
def test_wrapping_loses_no_word(words: list[str]) -> None:
    assert " ".join(wrap(" ".join(words), 24, indent=2)).split() == words


def test_names_beyond_the_limit_are_counted() -> None:
    assert join_names(["a", "b", "c"], 2) == "a, b and 1 more"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (999.7, "1000"), (1234.6, "1235"), (1e6, "1e+06"), (-0.5, "-0.5"), (1e300, "1e+300")],
)
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.5, "0.500"), (-1.25, "-1.250"), (9.9999, "10"), (12.34, "12.3")]
)
def test_column_numbers_have_three_decimals_below_ten(value: float | None, text: str) -> None:
    assert decimals(value) == text


@given(st.floats(0, 1))
def test_probabilities_take_six_characters_at_most(value: float | None) -> None:
    assert len(probability(value)) <= 6


def test_a_missing_probability_is_a_dash() -> None:
    assert probability(None) == "-"


@given(st.integers(0, 999_000_000_000))
def test_compact_counts_take_four_characters_at_most(count: int) -> None:
    assert len(compact(count)) <= 4


@pytest.mark.parametrize(("share", "text"), [(0.0, "0%"), (0.0123, "1.2%"), (0.5, "50%"), (1.0, "100%")])
def test_shares_are_percentages(share: float, text: str) -> None:
    assert percent(share) == text


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=40), st.booleans())
def test_sparklines_have_the_same_length_of_at_most_ten_cells(pairs: list[tuple[int, int]], fold: bool) -> None:
    reference, current = sparklines([i for i, _ in pairs], [j for _, j in pairs], fold=fold)
    assert len(reference) == len(current) <= 10
    assert set(reference + current) <= set(UNICODE.bars)


def test_sparklines_share_one_scale() -> None:
    assert sparklines([50, 50], [0, 100], fold=True) == ["▅▅", "▁█"]


def test_folded_bins_keep_their_sums() -> None:
    assert sparklines([1] * 20, [1] * 20, fold=True) == sparklines([2] * 10, [2] * 10, fold=True)


def test_ascii_sparklines_are_ascii() -> None:
    assert "".join(sparklines([1, 2], [3, 4], fold=False, glyphs=ASCII)).isascii()

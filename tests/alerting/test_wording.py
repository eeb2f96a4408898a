"""What a message says: one printable line for each thing, whatever the names are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from driftwatch.alerting.wording import MAX_TITLE, words_of
from notification_samples import EVIL, evil_notification, feature_alert, notification


def test_a_message_names_what_drifted_and_where() -> None:
    text = words_of(notification()).text()
    assert text.splitlines()[0] == "[FIRING:1] churn: FeatureDrift"
    assert "- warning: age drifted\n  age: psi 0.31 against a threshold of 0.2" in text
    assert "- resolved: income drifted" in text
    assert "Window: 2025-11-23 10:00 to 2025-11-23 11:00 UTC" in text
    assert "Rows: 5000" in text


def test_ten_of_four_hundred_are_listed() -> None:
    words = words_of(notification(*(feature_alert(f"f{i}") for i in range(400))))
    assert (len(words.items), words.more) == (10, "and 390 more")
    assert words.text().count("\n- ") == 10


def test_a_test_message_says_that_nothing_has_drifted() -> None:
    words = words_of(notification(kind="test"))
    assert words.title.startswith("[TEST]")
    assert "nothing has drifted" in words.text()


@pytest.mark.parametrize(
    ("dropped", "said"), [(True, "worse than the reference"), (False, "no worse than"), (None, None)]
)
def test_performance_is_named_where_it_is_known(dropped: bool | None, said: str | None) -> None:
    facts = dict(words_of(replace(notification(), performance_dropped=dropped)).facts)
    assert said in facts["Performance"] if said else "Performance" not in facts


def test_a_window_of_rows_is_named_by_its_rows() -> None:
    told = replace(notification(), scope="orders-0", window_start=1000, window_stop=2000)
    assert dict(words_of(told).facts)["Window"] == "rows 1000 to 2000 of orders-0"


@pytest.mark.parametrize("kind", EVIL)
def test_no_name_is_more_than_one_printable_line(kind: str) -> None:
    words = words_of(evil_notification(kind))
    lines = words.text().split("\n")
    assert all(line.isprintable() for line in lines)
    assert len(lines) < 40
    assert len(words.title) <= MAX_TITLE
    assert len(words.text()) < 12_000
    words.text().encode()  # no lone surrogate is left

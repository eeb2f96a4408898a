"""The text for Prometheus, read back by the parsers of `prometheus_client`: the oracle."""

from __future__ import annotations

import gc
import math
import threading
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from driftwatch.metrics import (
    CONTENT_TYPE,
    Family,
    Kind,
    Part,
    PrometheusText,
    Sample,
    Spec,
    StoreMetrics,
    render_metrics,
    render_text,
    report_families,
)
from driftwatch.metrics import prometheus as module
from driftwatch.store import SQLiteStore
from metrics_samples import HOSTILE_NAMES, add_check, hostile_report
from report_samples import drifted, feature, realistic, report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from driftwatch.report.model import DriftReport

Key = tuple[str, tuple[tuple[str, str], ...]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        yield opened


def read_back(text: bytes) -> dict[Key, float]:
    """Return every sample that the oracle finds, by name and labels; the same one twice fails."""
    found: dict[Key, float] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found
            found[key] = sample.value
    return found


def written(families: Iterable[Family]) -> dict[Key, float]:
    return {
        (family.spec.name, tuple(sorted(zip(family.spec.labels, sample.labels, strict=True)))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("made", [realistic, report, lambda: report([feature("x")])])
def test_a_report_reads_back_as_it_was(made: Callable[[], DriftReport]) -> None:
    families = report_families(made(), "shop", pvalues=True)
    assert read_back(render_text(families)) == written(families)


def test_hostile_names_stay_inside_their_quotes() -> None:
    families = report_families(hostile_report(), 'a "model"\nforged 1\\')
    back = read_back(render_text(families))
    assert {name for name, _ in back} == {family.spec.name for family in families}
    assert back == written(families)
    names = {dict(labels)["feature"] for name, labels in back if name == "driftwatch_feature_effect"}
    # UTF-8 has no bytes for half a surrogate pair: it is written as its escape
    assert names == {name.replace("\ud800", r"\ud800") for name in HOSTILE_NAMES}


def test_text_ends_with_a_line_break_and_names_each_family_once() -> None:
    lines = render_text(report_families(realistic(), "m")).decode().split("\n")
    assert lines[-1] == ""
    kinds = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(kinds) == len(set(kinds)) > 5


@pytest.mark.parametrize(
    ("value", "text"),
    [(1, "1"), (10**20, str(10**20)), (0.1, "0.1"), (1e-300, "1e-300"), (math.inf, "+Inf"), (-math.inf, "-Inf")],
)
def test_numbers_keep_every_digit(value: float, text: str) -> None:
    spec = Spec("x", Kind.GAUGE, "with a \\ and a\nbreak", ())
    lines = render_text([Family(spec, (Part((Sample((), value),)),))]).decode().splitlines()
    assert lines == [r"# HELP x with a \\ and a\nbreak", "# TYPE x gauge", f"x{{}} {text}"]


def test_nan_is_written_as_such() -> None:
    spec = Spec("x", Kind.GAUGE, "h", ())
    assert b"x{} NaN\n" in render_text([Family(spec, (Part((Sample((), math.nan),)),))])


def test_a_store_is_rendered_with_all_its_streams(store: SQLiteStore) -> None:
    add_check(store, "a", report([drifted("x")]))
    add_check(store, "b", report([feature("x")]))
    back = read_back(render_metrics(store))
    assert back == written(StoreMetrics(store).families())
    assert back["driftwatch_dataset_drifted", (("model", "a"),)] == 1
    assert back["driftwatch_checks_total", (("model", "b"), ("result", "no_drift"))] == 1


def test_rendering_again_sees_what_is_new(store: SQLiteStore) -> None:
    add_check(store, "a", report([drifted("x")]))
    first = render_metrics(store)
    assert render_metrics(store) == first
    add_check(store, "a", report([feature("x")]))
    assert render_metrics(store) != first
    assert b'driftwatch_dataset_drifted{model="a"} 0' in render_metrics(store)


def test_the_number_of_features_is_taken_at_each_call(store: SQLiteStore) -> None:
    add_check(store, "a", report([feature(f"f{i}") for i in range(300)]))
    assert render_metrics(store).count(b"driftwatch_feature_drifted{") == 200
    assert render_metrics(store, top=5).count(b"driftwatch_feature_drifted{") == 5
    assert render_metrics(store, top=None).count(b"driftwatch_feature_drifted{") == 300
    assert PrometheusText(store, top=7).render().count(b"driftwatch_feature_drifted{") == 7
    assert PrometheusText(store, pvalues=True).render().count(b"driftwatch_feature_drift_pvalue{") == 200


def test_the_type_of_the_page() -> None:
    assert CONTENT_TYPE == PrometheusText.content_type == "text/plain; version=0.0.4; charset=utf-8"


def test_what_was_written_goes_with_its_check(tmp_path: Path) -> None:
    gc.collect()
    before = len(module._WRITTEN), len(module._OF_STORE)
    with SQLiteStore(tmp_path / "driftwatch.db") as opened:
        for i in range(5):
            add_check(opened, "a", report([feature(f"f{i}")]))
            render_metrics(opened)
        assert len(module._OF_STORE) == before[1] + 1
    del opened
    gc.collect()
    assert (len(module._WRITTEN), len(module._OF_STORE)) == before


def test_pages_of_many_threads_are_each_of_one_check(store: SQLiteStore) -> None:
    add_check(store, "a", report([feature("x")]))
    pages: list[bytes] = []

    def scrape() -> None:
        pages.extend(render_metrics(store) for _ in range(40))

    threads = [threading.Thread(target=scrape) for _ in range(4)]
    for thread in threads:
        thread.start()
    for i in range(30):
        add_check(store, "a", report([(drifted if i % 2 else feature)(f"f{i}")]))
    for thread in threads:
        thread.join()
    assert len(pages) == 160
    for page in pages:
        back = read_back(page)
        assert (
            back["driftwatch_dataset_drifted", (("model", "a"),)]
            == back["driftwatch_drifted_features", (("model", "a"),)]
        )
        (of_feature,) = [value for (name, _), value in back.items() if name == "driftwatch_feature_drifted"]
        assert of_feature == back["driftwatch_dataset_drifted", (("model", "a"),)]

"""A real Prometheus that scrapes `driftwatch metrics --serve`, asked through its API; promtool as a second reader."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli_runs import clean_environment
from driftwatch.metrics import PrometheusText, StoreMetrics
from driftwatch.store import SQLiteStore
from metrics_samples import add_check, fill, hostile_report, report_with_everything
from prometheus_server import PrometheusServer, program
from report_samples import realistic

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
GRAFANA = HERE.parents[2] / "examples" / "grafana"
RULES = GRAFANA / "alerts.rules.yml"
DASHBOARD = json.loads((GRAFANA / "driftwatch.json").read_text("utf-8"))
# What Grafana puts in the place of its variables, the one of all models and features
VARIABLES = {"$model": ".*", "$feature": ".*", "$__rate_interval": "30s"}
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]


def promtool(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [program("promtool"), *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=60)


def as_asked(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "driftwatch.db"
    with SQLiteStore(file) as store:
        fill(store)
        add_check(store, "hostile", hostile_report())
    return file


@pytest.fixture(scope="module")
def prometheus(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    """Serve the store in a process of its own, and start a Prometheus that asks for it."""
    program("prometheus")
    page = subprocess.Popen(
        [sys.executable, "-m", "driftwatch", "metrics", "--store", path, "--serve", "0"],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert page.stderr is not None
        found = re.search(r"http://(127\.0\.0\.1:\d+)/metrics", page.stderr.readline())
        assert found
        server = PrometheusServer(tmp_path_factory.mktemp("prometheus"), [found[1]], RULES)
        server.start()
        try:
            assert server.wait_for("driftwatch_build_info")
            # counters that grow, so that rates have something to say
            with SQLiteStore(path) as store:
                add_check(store, "shop", report_with_everything())
            assert server.wait_for("increase(driftwatch_checks_total[30s]) > 0")
            yield server
        finally:
            server.stop()
    finally:
        page.kill()
        page.communicate()


@pytest.mark.parametrize("made", [realistic, hostile_report, report_with_everything])
def test_promtool_finds_nothing_to_say_about_the_text(made: Any, tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "driftwatch.db") as store:
        fill(store)
        add_check(store, 'a "model"\nforged 1', made())
        text = PrometheusText(store, pvalues=True).render()
    checked = promtool("check", "metrics", stdin=text)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_promtool_sees_a_wrong_name() -> None:
    assert promtool("check", "metrics", stdin=b"# TYPE rows counter\nrows 1\n").returncode != 0


def test_the_page_is_up_and_whole(prometheus: PrometheusServer) -> None:
    (target,) = prometheus.api("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")


def test_every_sample_arrives_with_its_value(prometheus: PrometheusServer, path: Path) -> None:
    with SQLiteStore(path) as store:
        families = StoreMetrics(store).families()
    for family in families:
        arrived = {
            # a label without text is the same as none to Prometheus
            tuple(series["metric"].get(label, "") for label in family.spec.labels): float(series["value"][1])
            for series in prometheus.query(family.spec.name)
        }
        assert arrived == {sample.labels: pytest.approx(sample.value) for sample in family.samples}
    assert len(families) > 25


def test_names_of_features_forge_no_series(prometheus: PrometheusServer) -> None:
    names = prometheus.api("label/__name__/values")
    assert [name for name in names if "forged" in name] == []
    assert len(prometheus.query('driftwatch_feature_effect{model="hostile"}')) == len(hostile_report().features)


@pytest.mark.parametrize(("panel", "expression"), EXPRESSIONS)
def test_every_panel_of_the_dashboard_has_data(prometheus: PrometheusServer, panel: str, expression: str) -> None:
    assert prometheus.query(as_asked(expression)), panel


def test_the_variables_of_the_dashboard_have_values(prometheus: PrometheusServer) -> None:
    for variable in DASHBOARD["templating"]["list"]:
        found = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["definition"])
        assert found
        values = {series["metric"].get(found[2]) for series in prometheus.query(as_asked(found[1]))}
        assert len(values - {None}) > 2
        assert variable["definition"] == variable["query"]["query"]


def test_the_marks_on_the_time_line_are_an_expression(prometheus: PrometheusServer) -> None:
    (mark,) = [item for item in DASHBOARD["annotations"]["list"] if "expr" in item]
    assert {series["metric"]["model"] for series in prometheus.query(as_asked(mark["expr"]))} >= {"shop"}


def test_the_rules_are_loaded_and_watch(prometheus: PrometheusServer) -> None:
    (group,) = prometheus.api("rules")["groups"]
    assert {rule["health"] for rule in group["rules"]} <= {"ok", "unknown"}
    (drift,) = prometheus.wait_for('ALERTS{alertname="DriftDetected",model="shop"}')
    assert drift["metric"]["alertstate"] in {"pending", "firing"}
    (dead,) = prometheus.wait_for('ALERTS{alertname="DriftMessagesDead"}')
    assert (dead["metric"]["receiver"], dead["metric"]["alertstate"]) == ("slack", "firing")
    assert prometheus.query('ALERTS{model="loans",alertname="DriftDetected"}') == []


def test_the_rules_are_well_formed() -> None:
    checked = promtool("check", "rules", RULES)
    assert checked.returncode == 0, checked.stderr.decode()


def test_the_rules_fire_when_they_should_and_only_then() -> None:
    checked = promtool("test", "rules", HERE / "alerts.test.yml")
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()


def test_every_rule_is_tested() -> None:
    names = re.findall(r"- alert: (\w+)", RULES.read_text("utf-8"))
    tested = re.findall(r"alertname: (\w+)", (HERE / "alerts.test.yml").read_text("utf-8"))
    assert set(names) == set(tested)
    assert len(names) == len(set(names))


def test_textfile_of_the_command_is_what_node_exporter_reads(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "drift.prom"
    command = [sys.executable, "-m", "driftwatch", "metrics", "--store", str(path), "-o", str(target)]
    subprocess.run(command, env=clean_environment(), check=True, timeout=60)
    assert promtool("check", "metrics", stdin=target.read_bytes()).returncode == 0
    assert target.stat().st_mode & 0o444 == 0o444

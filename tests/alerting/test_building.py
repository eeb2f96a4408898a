"""From a settings file to a manager: everything that can be set, and what is refused."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from driftwatch.alerting import AlertManager, building
from driftwatch.alerting.rules import (
    DatasetDrift,
    FeatureDrift,
    NoData,
    NoVerdict,
    PerformanceDrop,
    SchemaChange,
    default_rules,
)
from driftwatch.alerts.model import SEVERITIES
from driftwatch.config import load_settings
from driftwatch.config.alerts import RULES
from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

EVERYTHING = """
[alerts]
give_up_after = "2h"
models = { "requests" = "churn" }
labels = { env = "prod" }

[alerts.rules.feature_drift]
for = 2
resolve_after = 3
critical = 0.5
labels = { team = "risk" }

[alerts.rules.dataset_drift]
min_share = 0.5
severity = "critical"

[alerts.rules.no_data]
after = "10m"

[alerts.rules.no_verdict]
enabled = true

[alerts.rules.check_failed]
enabled = false

[alerts.receivers.screen]
kind = "log"
send_resolved = false
burst = 3
every = "1m"

[alerts.receivers.other]
kind = "log"

[alerts.route]
receiver = "screen"
group_by = ["model", "alertname"]
repeat_interval = "1d"

[[alerts.route.routes]]
matchers = ['severity="critical"']
receiver = "other"
continue = true
group_wait = 5

[[alerts.silences]]
matchers = ['feature=~"test_.*"']
ends_at = 2026-12-24T18:00:00Z
author = "ada"
comment = "known"

[[alerts.inhibitions]]
source = ['alertname="SchemaChange"']
target = ['severity=~"info|warning"']
equal = ["model"]
"""


def from_toml(folder: Path, text: str) -> AlertManager:
    path = folder / "driftwatch.toml"
    path.write_text(text, encoding="utf-8")
    return AlertManager.from_config(path)


def test_everything_that_can_be_set_is_set(tmp_path: Path) -> None:
    manager = from_toml(tmp_path, EVERYTHING)
    plan = manager.plan
    assert plan.rules == (
        DatasetDrift(min_share=0.5, severity="critical"),
        FeatureDrift(for_=2, resolve_after=3, critical=0.5, labels={"team": "risk"}),
        PerformanceDrop(),
        SchemaChange(),
        NoVerdict(),
        NoData(after=600.0),
    )
    screen = plan.receivers["screen"]
    assert (screen.send_resolved, screen.throttle.burst, screen.throttle.every) == (False, 3, 60.0)
    assert (plan.give_up_after, plan.labels, plan.models) == (7_200.0, {"env": "prod"}, {"requests": "churn"})
    both = plan.route.targets({"model": "m", "severity": "critical", "alertname": "A"})
    assert [(target.receiver, target.timing.group_wait) for target in both] == [("other", 5 * 10**6)]
    assert both[0].timing.repeat_interval == 86_400 * 10**6
    assert [target.receiver for target in plan.route.targets({"severity": "info"})] == ["screen"]
    assert plan.inhibitions[0].mutes(
        {"alertname": "SchemaChange", "model": "m"}, {"alertname": "X", "severity": "info", "model": "m"}
    )
    (silence,) = manager.silences
    assert silence.mutes({"feature": "test_a"}, silence.ends_at - 1)


def test_the_least_is_one_receiver(tmp_path: Path) -> None:
    manager = from_toml(tmp_path, '[alerts.receivers.screen]\nkind = "log"\n')
    assert manager.plan.rules == default_rules()
    assert [target.receiver for target in manager.plan.route.targets({"model": "m"})] == ["screen"]


def test_the_files_of_the_working_folder_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.driftwatch.alerts.receivers.screen]\nkind = "log"\nburst = 7\n')
    (tmp_path / "driftwatch.toml").write_text("[alerts.receivers.screen]\nburst = 9\n")
    assert AlertManager.from_config().plan.receivers["screen"].throttle.burst == 9


def test_every_rule_can_be_set_in_a_file_and_every_option_of_it() -> None:
    assert RULES.keys() == building._RULES.keys()
    for name, kind in building._RULES.items():
        options = {building._SHORT_OF_PYTHON.get(key, key) for key in RULES[name]} - {"enabled"}
        assert options | {"labels"} == set(inspect.signature(kind).parameters)
    for severity in SEVERITIES:
        RULES["check_failed"]["severity"].accept(severity)


def test_a_later_source_wins_value_by_value(tmp_path: Path) -> None:
    for name, text in (("a.toml", EVERYTHING), ("driftwatch.toml", "[alerts.rules.feature_drift]\nfor = 9\n")):
        (tmp_path / name).write_text(text)
    alerts = load_settings({}, {}, tmp_path, tmp_path / "a.toml").settings.alerts
    assert alerts["rules"]["feature_drift"]["for"] == 2
    (tmp_path / "a.toml").write_text(EVERYTHING.replace("for = 2", ""))
    alerts = load_settings({}, {}, tmp_path, tmp_path / "a.toml").settings.alerts
    assert (alerts["rules"]["feature_drift"]["for"], alerts["rules"]["feature_drift"]["critical"]) == (9, 0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[alert]\n", "did you mean 'alerts'"),
        ("[alerts]\nruels = {}\n", "did you mean 'rules'"),
        ("[alerts.rules.feature_drfit]\n", "did you mean 'feature_drift'"),
        ("[alerts.rules.feature_drift]\nfro = 2\n", "did you mean 'for'"),
        ("[alerts.rules.no_data]\nfor = 0\n", "`alerts.rules.no_data.for` in .*whole number of 1 or more; got 0"),
        ("[alerts.rules.no_data]\nafter = '5x'\n", 'such as "5m"'),
        ("[alerts.rules.no_data]\nseverity = 'bad'\n", '"critical"'),
        ("[alerts.route]\ngroup_bye = ['model']\n", "did you mean 'group_by'"),
        ("[alerts.route]\nroutes = 3\n", "list of tables"),
        ("[[alerts.route.routes]]\nmatcher = ['a=\"b\"']\n", "did you mean 'matchers'"),
        ("[[alerts.silences]]\nauther = 'ada'\n", "did you mean 'author'"),
        ("[[alerts.silences]]\nends_at = 2026-01-01T00:00:00\n", "with its zone"),
        ("[[alerts.inhibitions]]\nsuorce = []\n", "did you mean 'source'"),
        ("[alerts.receivers.ops]\nkind = 'log'\nburst = 0\n", "whole number"),
        ("[alerts.receivers.ops]\nkind = 'slak'\n", "did you mean 'slack'"),
        ("[alerts.receivers.ops]\nkind = 'log'\nlevle = 'x'\n", "unknown setting of receiver 'ops'"),
        ("[alerts.receivers]\nops = 1\n", "must be a table with `kind`"),
        ("[alerts.receivers.ops]\nkind = 'log'\n[alerts.route]\nreceiver = 'opps'\n", "did you mean 'ops'"),
        ("[alerts.receivers.ops]\nkind = 'log'\n[[alerts.silences]]\nmatchers = ['a=\"b\"']\n", "needs `ends_at`"),
        ("[alerts.receivers.ops]\nkind = 'log'\n[[alerts.inhibitions]]\n", "must have a matcher"),
        ("[alerts.receivers.ops]\nkind = 'log'\n[alerts.route]\nmatchers = ['a b']\n", "a matcher must be"),
        ("[alerts.labels]\nenv = 3\n", "text that is not empty"),
        ("[alerts]\ngive_up_after = true\n", "number of seconds"),
        ("alerts = 3\n", "must be a table"),
        ("[alerts.rules.no_data]\nfor = 2\n", "no receiver"),
        ("alpha = 0.1\n", "nothing is set about alerts"),
    ],
)
def test_mistakes_are_refused_in_words(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        from_toml(tmp_path, text)


def test_the_environment_has_no_word_for_alerts() -> None:
    with pytest.raises(UnknownNameError, match="ALERTS"):
        load_settings({}, {"DRIFTWATCH_ALERTS": "x"})

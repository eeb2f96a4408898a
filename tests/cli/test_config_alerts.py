"""`driftwatch config show` of `[alerts]`: every value with its source, and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from driftwatch.config import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from cli_runs import Run

TEXT = """
[alerts]
labels = { env = "prod" }
[alerts.rules.feature_drift]
for = 2
[alerts.receivers.ops]
kind = "slack"
url = "${SLACK_URL}"
[alerts.receivers.hook]
kind = "webhook"
url = "https://example.com/T0/B0/xyzzy"
headers = { Authorization = "Bearer xyzzy", Accept = "${KIND}" }
secret_file = "/run/secrets/hook"
passwords = ["xyzzy"]
[alerts.route]
receiver = "ops"
group_by = ["model"]
[[alerts.route.routes]]
receiver = "hook"
matchers = ['severity="critical"']
[[alerts.silences]]
matchers = ["feature=a"]
ends_at = 2026-12-24T18:00:00+01:00
author = "ada"
comment = "known"
"""


def test_alerts_are_shown_with_their_source(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.driftwatch.alerts.rules.feature_drift]\nfor = 5\nresolve_after = 4\n"
    )
    (tmp_path / "driftwatch.toml").write_text(TEXT)
    lines = run("config", "show", "--resolved").out.splitlines()
    (for_,) = [line for line in lines if line.startswith("alerts.rules.feature_drift.for ")]
    (after,) = [line for line in lines if line.startswith("alerts.rules.feature_drift.resolve_after ")]
    assert (for_.split()[2], for_.endswith("driftwatch.toml")) == ("2", True)
    assert (after.split()[2], after.endswith("pyproject.toml [tool.driftwatch]")) == ("4", True)


def test_what_may_be_a_secret_is_masked_and_references_are_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text(TEXT)
    shown = run("config", "show").out
    assert "xyzzy" not in shown
    assert shown.count("***") == 3
    for reference in ("${SLACK_URL}", "${KIND}", "/run/secrets/hook"):
        assert reference in shown


def test_what_is_shown_is_a_file_that_sets_the_same(run: Run, tmp_path: Path) -> None:
    (tmp_path / "driftwatch.toml").write_text(
        TEXT.replace("https://example.com/T0/B0/xyzzy", "${A}").replace("xyzzy", "${B}")
    )
    before = load_settings({}, {}, tmp_path).settings.alerts
    (tmp_path / "shown.toml").write_text(run("config", "show").out, encoding="utf-8")
    assert load_settings({}, {}, None, tmp_path / "shown.toml").settings.alerts == before

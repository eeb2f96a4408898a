"""Notifications for tests of what sends them, and the names that an attacker would give to features."""

from __future__ import annotations

from driftwatch.alerts.model import Alert, Notification

__all__ = ["EVIL", "evil_notification", "feature_alert", "notification"]

AT = 1_763_895_600_000_000  # 2025-11-23 11:00 UTC

EVIL = {
    "html": '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "mention": "<!channel> <@U0123> <https://evil.example|click> & more",
    "header": "age\r\nBcc: everyone@evil.example\r\n\r\nhello",
    "control": "\x00\x07\x1b[31mred\x1b[0m\x7f\u202egnp.exe\u2028next",
    "surrogate": "lone \ud800 surrogate",
    "endless": "x<&>\n" * 2000,
    "quotes": "\"'`*_~|${HOME}{{ .Labels }}",
}


def feature_alert(feature: str, *, status: str = "firing", severity: str = "warning", told: str = "") -> Alert:
    return Alert(
        labels={"alertname": "FeatureDrift", "model": "churn", "feature": feature, "severity": severity},
        annotations={
            "summary": told or f"{feature} drifted",
            "description": f"{feature}: psi 0.31 against a threshold of 0.2",
        },
        status=status,
        starts_at=AT,
        ends_at=AT + 60_000_000 if status == "resolved" else None,
    )


def notification(*alerts: Alert, number: int = 1, kind: str = "alert", model: str = "churn") -> Notification:
    return Notification(
        id=f"dw_{number:032x}",
        receiver="ops",
        model=model,
        group_key=model,
        alerts=alerts or (feature_alert("age"), feature_alert("income", status="resolved")),
        created=AT + 1_000_000,
        kind=kind,
        stream="churn",
        window_start=AT - 3_600_000_000,
        window_stop=AT,
        n_rows=5000,
        run_id=7,
        reference="a1b2c3d4e5f6a7b8",
        performance_dropped=None,
    )


def evil_notification(kind: str) -> Notification:
    """Return a message in which every text that comes from data is the attack."""
    text = EVIL[kind]
    alerts = tuple(feature_alert(f"{text}{i}", severity=text[:200]) for i in range(40))
    return notification(*alerts, model=text)

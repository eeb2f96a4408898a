"""The views of the dashboard as a page of Streamlit (layer 5). `driftwatch dashboard --streamlit` starts it.

It reads the store in its own process, by the functions that the API serves: no second server, no token to hand on, and the
same answers. Streamlit itself asks nobody who they are, so it belongs on this machine.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from driftwatch.dashboard.views import Views
from driftwatch.errors import DriftwatchError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["main"]

_WINDOWS, _FEATURES = (30, 60, 120, 300), (15, 30, 100, 200)
_RUN = ("id", "start", "stop", "created", "n_rows", "verdict")
_ALERT = ("state", "silenced", "severity", "name", "stream", "feature", "since", "summary")
_SIDE = ("status", "effect", "drift_detected", "direction")


def main(arguments: Sequence[str]) -> None:
    """Draw the page once, as Streamlit does after each click."""
    try:
        import streamlit as st
    except ImportError as error:
        raise MissingExtraError.for_feature("the page of Streamlit", package="streamlit", extra="streamlit") from error
    store = _store(arguments)
    st.set_page_config(page_title="driftwatch", layout="wide")
    st.title("driftwatch")
    # for all sessions: the store is opened once, and what reports found is kept
    views = st.cache_resource(Views)(store)
    try:
        models, compare, alerts, baselines = st.tabs(["Models", "Compare", "Alerts", "Baselines"])
        streams = views.streams(limit=500)["streams"]
        with models:
            _models(st, views, streams)
        with compare:
            _compare(st, views, streams)
        with alerts:
            standing = views.alerts()
            _table(st, "Alerts", [_only(alert, _ALERT) for alert in standing["alerts"]])
            _table(st, "Silences", standing["silences"])
            _table(st, "Letters", views.letters()["letters"])
        with baselines:
            _table(st, "Versions of references", views.baselines()["baselines"])
    except DriftwatchError as error:
        st.error("The store cannot be read.")
        st.text(str(error))  # as text: names in it must not be read as Markdown


def _models(st: Any, views: Views, streams: Sequence[Mapping[str, Any]]) -> None:
    _table(
        st,
        "Models",
        [{"model": item["name"], "checks": item["n_runs"], **_only(item["last"] or {}, _RUN)} for item in streams],
    )
    if not streams:
        return
    chosen, n_windows, n_features = st.columns(3)
    stream = chosen.selectbox("Model", [item["name"] for item in streams], key="model")
    windows = n_windows.selectbox("Checks", _WINDOWS, index=1, key="windows")
    features = n_features.selectbox("Features", _FEATURES, index=1, key="features")
    found = views.heatmap(stream, windows=windows, features=features)
    labels = [f"{window['id']}: {window['start']}" for window in found["windows"]]
    st.bar_chart(
        {"check": labels, "drifted features": [window["n_drifted"] for window in found["windows"]]},
        x="check",
        y="drifted features",
    )
    effects = [
        {"feature": row["name"], "drifted": row["n_drifted"], **dict(zip(labels, row["effects"], strict=True))}
        for row in found["features"]
    ]
    _table(st, "Effect of each feature in each check", effects)
    _table(st, "Checks", [_only(run, _RUN) for run in views.runs(stream, limit=500)["runs"]])


def _compare(st: Any, views: Views, streams: Sequence[Mapping[str, Any]]) -> None:
    ids = [run["id"] for run in views.runs(limit=500)["runs"] if run["verdict"] != "error"]
    if len(ids) < 2 or not streams:
        st.text("Two checks are needed.")
        return
    sides = st.columns(2)
    left = sides[0].selectbox("Left", ids, index=1, key="left")
    right = sides[1].selectbox("Right", ids, index=0, key="right")
    found = views.compare(left, right, limit=500)
    if not found["same_reference"]:
        st.warning("They were compared with different references.")
    rows = [
        {
            "feature": item["name"],
            "change": item["change"],
            **{f"{side} {key}": (item[side] or {}).get(key) for side in ("left", "right") for key in _SIDE},
        }
        for item in found["features"]
    ]
    _table(st, "Features, the largest change first", rows)


def _table(st: Any, title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    st.subheader(title)
    if rows:
        st.dataframe([dict(row) for row in rows], hide_index=True)
    else:
        st.text("None.")


def _only(row: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: row.get(key) for key in keys}


def _store(arguments: Sequence[str]) -> str:
    parser = argparse.ArgumentParser(prog="streamlit_app.py")
    parser.add_argument("--store", default=os.environ.get("DRIFTWATCH_STORE", "driftwatch.db"))
    return str(parser.parse_known_args(arguments)[0].store)


if __name__ == "__main__":
    main(sys.argv[1:])

"""The JSON API: what each view says, in pages of a bounded size, and what a wrong question gets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from dashboard_samples import EVIL, HOUR, add_run, report
from driftwatch.dashboard.api import ENDPOINTS

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from driftwatch.store import SQLiteStore


def get(client: TestClient, path: str, **parameters: Any) -> Any:
    answer = client.get(f"/api/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


# what each view is asked so that it answers, over the store of `fill`
ASKED: dict[str, dict[str, Any]] = {
    "streams": {},
    "stream": {"stream": "trips"},
    "runs": {},
    "run": {"id": 1},
    "report": {"id": 1},
    "heatmap": {"stream": "trips"},
    "compare": {"left": 1, "right": 4},
    "compare/feature": {"left": 1, "right": 4, "feature": "price"},
    "alerts": {},
    "letters": {},
    "baselines": {},
}


def test_every_view_is_asked_here() -> None:
    assert ASKED.keys() == ENDPOINTS.keys()


@pytest.mark.parametrize("name", ASKED)
def test_a_view_has_a_version_and_forbids_to_be_anything_but_json(client: TestClient, name: str) -> None:
    answer = client.get(f"/api/{name}", params=ASKED[name])
    assert answer.json()["schema_version"] == 1
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_streams_come_by_name_with_their_newest_checks(client: TestClient) -> None:
    found = get(client, "streams")
    by_name = {stream["name"]: stream for stream in found["streams"]}
    assert list(by_name) == sorted(["trips", EVIL, "broken"])
    assert [run["verdict"] for run in by_name["trips"]["recent"]] == ["no_drift", "no_drift", "drift", "drift"]
    assert by_name["trips"]["last"]["id"] == 4
    assert by_name["trips"]["n_runs"] == 4
    assert by_name["trips"]["usual_gap_s"] == 3600
    assert by_name["broken"]["usual_gap_s"] is None


def test_pages_of_streams_follow_each_other(client: TestClient) -> None:
    names, after = [], None
    for _ in range(3):
        found = get(client, "streams", limit=1, **({} if after is None else {"after": after}))
        names += [stream["name"] for stream in found["streams"]]
        after = found["next"]
    assert names == sorted(["trips", EVIL, "broken"])
    assert after is None


def test_pages_of_runs_follow_each_other_down_to_the_first(client: TestClient) -> None:
    first = get(client, "runs", stream="trips", limit=3)
    rest = get(client, "runs", stream="trips", limit=3, below=first["next"])
    assert [run["id"] for run in (*first["runs"], *rest["runs"])] == [4, 3, 2, 1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"since": "1970-01-01T03:00Z"}, [4, 3]),
        ({"until": "1970-01-01T03:00:00+00:00"}, [2, 1]),
        ({"since": "1h"}, []),
    ],
)
def test_runs_of_a_time(client: TestClient, parameters: dict[str, str], expected: list[int]) -> None:
    assert [run["id"] for run in get(client, "runs", stream="trips", **parameters)["runs"]] == expected


def test_a_run_says_what_it_found_and_which_came_before(client: TestClient) -> None:
    found = get(client, "run", id=4)
    assert (found["n_drifted"], found["n_features"], found["previous"]) == (1, 3, 3)
    assert get(client, "run", id=6)["reason"] == "the check failed: the model is away"


def test_a_report_comes_as_it_is_stored(client: TestClient) -> None:
    assert client.get("/api/report?id=4").text == report(drifted=True).to_json()


def test_the_heatmap_has_what_the_reports_say(client: TestClient) -> None:
    found = get(client, "heatmap", stream="trips", windows=3, features=2)
    assert [window["id"] for window in found["windows"]] == [2, 3, 4]
    assert [window["n_drifted"] for window in found["windows"]] == [0, 1, 1]
    assert (found["n_features"], len(found["features"])) == (3, 2)
    price = found["features"][0]
    assert (price["name"], price["states"], price["n_drifted"]) == ("price", "odd", 2)
    effects = [report(drifted=drifted).features["price"].effect for drifted in (False, True, True)]
    assert price["effects"] == pytest.approx(effects, rel=1e-3)  # four digits


def test_the_heatmap_of_some_names(client: TestClient) -> None:
    found = get(client, "heatmap", stream="trips", matching="ONERROR")
    assert [feature["name"] for feature in found["features"]] == [EVIL]
    assert found["n_matching"] == 1


def test_a_feature_that_a_check_did_not_have_is_told_from_one_that_is_fine(
    client: TestClient, store: SQLiteStore
) -> None:
    other = json.loads(report().to_json())
    del other["features"]["price"]
    with store.transaction() as transaction:
        run = store.runs("trips", limit=1)[0]
        transaction.add_run(run, json.dumps(other))
    found = get(client, "heatmap", stream="trips", matching="price")
    assert found["features"][0]["states"] == "oodd "
    assert found["features"][0]["effects"][-1] is None


def test_a_failed_check_has_a_column_of_its_own(client: TestClient) -> None:
    found = get(client, "heatmap", stream="broken")
    assert found["features"] == []
    assert found["windows"][0]["reason"] == "the check failed: the model is away"


def test_two_checks_side_by_side_begin_with_the_largest_difference(client: TestClient) -> None:
    found = get(client, "compare", left=1, right=4, limit=1)
    assert (found["left"]["id"], found["right"]["id"], found["same_reference"]) == (1, 4, True)
    assert found["features"][0]["name"] == "price"
    before, after = (report(drifted=drifted).features["price"] for drifted in (False, True))
    assert found["features"][0]["change"] == pytest.approx((after.effect or 0) - (before.effect or 0))
    rest = get(client, "compare", left=1, right=4, offset=found["next"])
    assert {feature["name"] for feature in rest["features"]} == {EVIL, "city"}
    assert rest["next"] is None


def test_a_feature_of_two_checks_comes_with_its_counts(client: TestClient) -> None:
    found = get(client, "compare/feature", left=1, right=4, feature="price")
    bins = report(drifted=True).features["price"].bins
    assert bins is not None
    assert found["right"]["bins"]["current"] == list(bins.current)


def test_alerts_silences_and_letters(client: TestClient) -> None:
    found = get(client, "alerts")
    assert [(alert["state"], alert["silenced"], alert["severity"]) for alert in found["alerts"]] == [
        ("firing", True, "critical"),
        ("pending", False, "info"),
    ]
    assert [(silence["id"], silence["state"]) for silence in found["silences"]] == [("s1", "active")]
    assert found["outbox"] == [
        {"receiver": "ops", "state": "waiting", "n": 2, "oldest": "1970-01-01T00:00:00.000005+00:00"}
    ]
    letters = get(client, "letters", state="waiting")["letters"]
    assert [letter["title"] for letter in letters] == ["[FIRING:1] trips: FeatureDrift", None]
    assert get(client, "letters", state="dead")["letters"] == []


def test_baselines_and_what_a_stream_has_counted(client: TestClient) -> None:
    assert [(found["name"], found["version"]) for found in get(client, "baselines")["baselines"]] == [("trips", 1)]
    found = get(client, "stream", stream="trips")
    assert found["counters"] == {"rows": 1_600}
    assert found["baseline"]["n_rows"] == 50
    assert get(client, "stream", stream=EVIL)["baseline"] is None


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("runs?limit=0", 400, "bad_request"),
        ("runs?limit=1001", 400, "bad_request"),
        ("runs?limit=1&limit=2", 400, "bad_request"),
        ("runs?limt=1", 400, "bad_request"),
        ("runs?since=yesterday", 400, "bad_request"),
        ("runs?stream=" + "x" * 2_001, 400, "bad_request"),
        ("runs?stream=%00", 400, "bad_request"),
        ("runs?below=99999999999999999999", 400, "bad_request"),
        ("run", 400, "bad_request"),
        ("run?id=-1", 400, "bad_request"),
        ("letters?state=lost", 400, "bad_request"),
        ("run?id=99", 404, "unknown_run"),
        ("runs?stream=none", 404, "unknown_stream"),
        ("stream?stream=", 404, "unknown_stream"),
        ("heatmap?stream=none", 404, "unknown_stream"),
        ("compare/feature?left=1&right=2&feature=none", 404, "unknown_feature"),
        ("compare?left=1&right=6", 409, "no_report"),
        ("nothing", 404, "not_found"),
    ],
)
def test_a_wrong_question_is_refused_with_a_reason(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(f"/api/{path}")
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["schema_version"] == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/api/streams", "/", "/runs/1", "/api/events"])
def test_it_only_reads(client: TestClient, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_the_newest_id_is_the_tag_until_a_check_comes(client: TestClient, store: SQLiteStore) -> None:
    first = client.get("/api/runs")
    again = client.get("/api/runs", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    add_run(store, "trips", 9)
    after = client.get("/api/runs", headers={"If-None-Match": first.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["runs"][0]["id"] == 7


def test_the_tag_changes_when_checks_are_dropped_and_ids_come_again(client: TestClient, store: SQLiteStore) -> None:
    tag = client.get("/api/runs").headers["etag"]
    store.prune(keep=0)
    for n in range(6):
        add_run(store, "trips", n + 50)
    assert store.runs(limit=1)[0].id == 6
    answer = client.get("/api/runs", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert client.get("/api/run?id=6").json()["created"] == client.get("/api/runs").json()["runs"][0]["created"]


def test_the_state_of_alerts_has_a_tag_of_its_own(client: TestClient, store: SQLiteStore) -> None:
    tag = client.get("/api/alerts").headers["etag"]
    assert client.get("/api/alerts", headers={"If-None-Match": tag}).status_code == 304
    with store.transaction() as transaction:
        transaction.put_note("silences", "s1", None)
    assert client.get("/api/alerts", headers={"If-None-Match": tag}).json()["silences"] == []


def test_head_has_the_headers_and_no_body(client: TestClient) -> None:
    answer = client.head("/api/runs")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["etag"] == client.get("/api/runs").headers["etag"]


def test_places_of_windows_by_rows_are_numbers(client: TestClient, store: SQLiteStore) -> None:
    from driftwatch.store import Run, WindowKey

    with store.transaction() as transaction:
        transaction.add_run(Run("rows", WindowKey(0, 500, "p0"), HOUR, 500, "no_drift"), report().to_json())
    run = get(client, "runs", stream="rows")["runs"][0]
    assert (run["start"], run["stop"], run["scope"]) == (0, 500, "p0")

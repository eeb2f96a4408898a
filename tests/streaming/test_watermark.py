"""Up to what time a stream is complete: properties over random positions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from driftwatch.store import Position
from driftwatch.streaming import Windows
from driftwatch.streaming.watermark import Completeness

SECOND = 1_000_000
RULE = Completeness(Windows.by_time("10s", lateness="3s"), idle_after=5.0)

positions = st.lists(
    st.builds(
        Position,
        offset=st.just(0),
        event_time=st.none() | st.integers(0, 100).map(lambda second: second * SECOND),
        idle=st.booleans(),
    ),
    max_size=4,
)
stored = st.none() | st.integers(0, 100 * SECOND)


@given(positions, stored, st.integers(0, 200))
def test_it_never_goes_back(known: list[Position], before: int | None, now: float) -> None:
    after = RULE.watermark(known, before, now)
    assert before is None or (after is not None and after >= before)


@given(positions, st.integers(0, 200))
def test_it_waits_for_every_partition_that_is_not_idle(known: list[Position], now: float) -> None:
    found = RULE.watermark(known, None, now)
    for position in known:
        if not position.idle:
            assert found is None or (position.event_time is not None and found <= position.event_time)


@given(positions, st.integers(0, 200))
def test_a_stream_that_is_idle_follows_the_clock_only_while_its_rows_are_new(known: list[Position], now: int) -> None:
    idle = [Position(0, event_time=position.event_time, idle=True) for position in known]
    times = [position.event_time for position in idle if position.event_time is not None]
    found = RULE.watermark(idle, None, now)
    if not times:
        assert found is None
    elif now * SECOND > max(times) + (5 + 3 + 2 * 10) * SECOND:
        assert found == max(times)
    else:
        assert found == max(*times, (now - 5) * SECOND)

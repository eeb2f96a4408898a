"""Tests that need the client of a broker: collected where it is installed, as `nox -s streams` does."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore = [
    file
    for client, files in {
        "redis": ("test_redis.py", "test_kills_redis.py", "test_watch_redis.py"),
        "confluent_kafka": ("test_kafka.py", "test_kills_kafka.py"),
    }.items()
    for file in files
    if find_spec(client) is None
]

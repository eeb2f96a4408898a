"""What holds for the whole suite."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("store_contract")  # its asserts are those of tests

# doctests are looked for in every file, and these are about clients of servers: `nox -s streams` and `nox -s services`
# install them
_CLIENTS = {"redis_server.py": "redis", "kafka_cluster.py": "confluent_kafka", "postgresql_server.py": "psycopg"}
collect_ignore = [file for file, client in _CLIENTS.items() if find_spec(client) is None]
collect_ignore.append("web_app.py")  # a service: it can only be imported with its settings in the environment

# The same examples on every run, and no deadline: a busy machine must not decide whether a property holds.
settings.register_profile("driftwatch", deadline=None, derandomize=True)
settings.load_profile("driftwatch")

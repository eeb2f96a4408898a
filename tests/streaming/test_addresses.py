"""Addresses of sources: what they say, and what is said of wrong ones. The clients of brokers are stood in for."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from driftwatch.errors import ConfigError, MissingExtraError, UnknownNameError
from driftwatch.streaming import kafka as kafka_module
from driftwatch.streaming import open_source
from driftwatch.streaming import redis as redis_module


class Asked:
    def __init__(self, *given: Any, **options: Any) -> None:
        self.given, self.options = given, options


@pytest.fixture(autouse=True)
def _no_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_module, "RedisSource", Asked)
    monkeypatch.setattr(kafka_module, "KafkaSource", Asked)


def opened(address: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    source: Any = open_source(address)
    return source.given, source.options


def test_a_redis_address_has_the_url_of_the_client_and_our_options() -> None:
    address = "rediss://user:pw@host:6380/2?stream=a&stream=b%20c&group=g&field=body&start=latest&dead_letters=x"
    assert opened(address) == (
        ("rediss://user:pw@host:6380/2", ["a", "b c"]),
        {"group": "g", "field": "body", "start": "latest", "dead_letters": "x"},
    )


def test_a_kafka_address_has_servers_topic_and_settings() -> None:
    address = "kafka://one:9092,two:9093/orders?group=g&start=latest&security.protocol=SSL&group.instance.id=w"
    assert opened(address) == (
        ("one:9092,two:9093", "orders"),
        {
            "group": "g",
            "start": "latest",
            "share": True,
            "settings": {"security.protocol": "SSL", "group.instance.id": "w"},
        },
    )
    assert opened("kafka://one/orders?share=no")[1] == {"share": False, "settings": {}}


def test_secrets_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_PASSWORD", "pw")
    assert opened("redis://:${REDIS_PASSWORD}@host?stream=a")[0][0] == "redis://:pw@host"
    with pytest.raises(ConfigError, match="'NOT_SET', which is not set"):
        open_source("redis://:${NOT_SET}@host?stream=a")


@pytest.mark.parametrize(
    ("address", "match"),
    [
        ("http://host", "begins with redis://"),
        ("orders", "begins with redis://"),
        ("redis://host", r"\?stream=KEY"),
        ("redis://host?stream=", r"\?stream=KEY"),
        ("kafka://host:9092", "the topic"),
        ("kafka:///orders", "the servers"),
        ("kafka://one/orders?share=maybe", "yes or no"),
    ],
)
def test_what_is_no_address_says_what_is_missing(address: str, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        open_source(address)


@pytest.mark.parametrize("address", ["redis://host?stream=a&gruop=g", "kafka://host/t?gruop=g"])
def test_unknown_options_have_a_suggestion(address: str) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'group'"):
        open_source(address)


@pytest.mark.parametrize(
    ("module", "extra", "address"),
    [("redis", "redis", "redis://host?stream=a"), ("confluent_kafka", "kafka", "kafka://host/t")],
)
def test_a_missing_client_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, module: str, extra: str, address: str
) -> None:
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'driftwatch\[{extra}\]'"):
        open_source(address)

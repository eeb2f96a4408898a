"""Sources by address (layer 5): `redis://host/0?stream=orders`, `kafka://host:9092/orders?group=watch`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from driftwatch.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from driftwatch.streaming.source import Source

__all__ = ["open_source"]

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_REDIS = ("stream", "group", "field", "start", "dead_letters")
_KAFKA = ("group", "start", "share", "dead_letters")
_BOOLEANS = {"yes": True, "no": False}


def open_source(address: str) -> Source:
    """Return the source that an address names.

    Parameters
    ----------
    address : str
        `redis://[user:password@]host[:port][/database]?stream=KEY`, also `rediss://`; `stream` may stand there more than once,
        and `group`, `field`, `start` and `dead_letters` are the arguments of `RedisSource`.
        `kafka://host:port[,host:port]/TOPIC`, with `group`, `start`, `share` (`yes` or `no`) and `dead_letters`; any name with a dot in it is a setting of
        librdkafka, such as `security.protocol=SASL_SSL`.
        `${NAME}` stands for the environment variable NAME, so that a password need not be written down.

    Raises
    ------
    ConfigError
        If it is no address of a source, or an option is unknown.
    """
    filled = _VARIABLE.sub(_variable, address)
    scheme = filled.partition("://")[0]
    if scheme in {"redis", "rediss"}:
        return _redis(filled)
    if scheme == "kafka":
        return _kafka(filled)
    raise ConfigError(f"a source begins with redis://, rediss:// or kafka://, got {address.partition('?')[0]!r:.60}.")


def _variable(found: re.Match[str]) -> str:
    value = os.environ.get(found[1])
    if value is None:
        raise ConfigError(f"the address of the source names the environment variable {found[1]!r}, which is not set.")
    return value


def _redis(address: str) -> Source:
    from driftwatch.streaming.redis import RedisSource

    parts = urlsplit(address)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = _options("Redis", [pair for pair in pairs if pair[0] != "stream"], _REDIS)
    streams = [value for name, value in pairs if name == "stream"]
    if not all(streams) or not streams:
        raise ConfigError("the address of a Redis source lacks the key of the stream: add ?stream=KEY.")
    return RedisSource(urlunsplit(parts._replace(query="", fragment="")), streams, **options)


def _kafka(address: str) -> Source:
    from driftwatch.streaming.kafka import KafkaSource

    parts = urlsplit(address)
    topic = unquote(parts.path.strip("/"))
    if not parts.netloc or not topic:
        raise ConfigError(
            "the address of a Kafka source is kafka://host:port/TOPIC; the servers or the topic are missing."
        )
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = _options("Kafka", [pair for pair in pairs if "." not in pair[0]], _KAFKA)
    if options.get("share", "yes") not in _BOOLEANS:
        raise ConfigError(f"`share` of a Kafka source must be yes or no, got {options['share']!r}.")
    options["share"] = _BOOLEANS[options.get("share", "yes")]
    return KafkaSource(parts.netloc, topic, settings={name: value for name, value in pairs if "." in name}, **options)


def _options(broker: str, pairs: list[tuple[str, str]], known: tuple[str, ...]) -> dict[str, Any]:
    if unknown := [name for name, _ in pairs if name not in known]:
        raise UnknownNameError.from_names(f"option of a {broker} source", unknown, known)
    return dict(pairs)

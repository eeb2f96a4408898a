"""Redis streams as a source (layer 5). The only file that knows the `redis` client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, MissingExtraError, SourceError
from driftwatch.streaming.source import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from driftwatch.streaming.source import DeadLetter, Listener

__all__ = ["RedisSource", "entry_id", "offset_of"]

MAX_DEAD_LETTERS = 10_000  # kept in Redis, which has them in memory
MAX_WAIT = 5.0  # seconds between tries to reach a server that is away
_SEQUENCE_BITS = 64


def offset_of(entry: bytes | str) -> int:
    """Return the id of an entry as one number that is ordered as ids are.

    Examples
    --------
    >>> offset_of("1-2") < offset_of("1-10") < offset_of("2-0")
    True
    """
    text = entry.decode() if isinstance(entry, bytes) else entry
    milliseconds, _, sequence = text.partition("-")
    return int(milliseconds) << _SEQUENCE_BITS | int(sequence or 0)


def entry_id(offset: int) -> str:
    """Return the id of an entry.

    Examples
    --------
    >>> entry_id(offset_of("1700000000000-3"))
    '1700000000000-3'
    """
    return f"{offset >> _SEQUENCE_BITS}-{offset & ((1 << _SEQUENCE_BITS) - 1)}"


class RedisSource:
    """Entries of one or more Redis streams, each of which is a partition.

    Parameters
    ----------
    url : str
        Such as `redis://localhost:6379/0`, `rediss://...` for TLS.
    streams : str or sequence of str
        Keys of the streams.
    group : str
        Consumer group whose place follows what is stored, for tools that look at it.
    field : str
        The field of an entry that holds the message.
    start : str
        Where a stream begins that the store does not know: `earliest` or `latest`.
    dead_letters : str
        Key of the stream for messages that cannot be counted, `{stream}` in it is replaced. It is cut at 10,000.
    client : callable, optional
        From the url to a client, for options that the url cannot say.

    Notes
    -----
    Entries are read by id (`XREAD`) from where the store stands, and not dealt out by the group (`XREADGROUP`). Dealt out, two
    workers would each hold some entries of one stream, no single id would say what is counted, and a server that
    restarts from an older file would deal out again what it had forgotten. Read by id, nothing depends on what the server
    remembers of the group. After each commit the group is moved (`XGROUP SETID`), so that `XINFO GROUPS` shows the lag and trimming
    by acknowledged entries works.
    """

    def __init__(
        self,
        url: str,
        streams: str | Sequence[str],
        *,
        group: str = "driftwatch",
        field: str = "data",
        start: str = "earliest",
        dead_letters: str = "{stream}:dead",
        client: Callable[[str], Any] | None = None,
    ) -> None:
        try:
            import redis
        except ImportError as error:
            raise MissingExtraError.for_feature("RedisSource", package="redis", extra="redis") from error
        self._errors = redis.exceptions
        self.streams = [streams] if isinstance(streams, str) else list(streams)
        if not self.streams or len(set(self.streams)) < len(self.streams):
            raise ConfigError(f"`streams` must be keys, each once, got {streams!r}.")
        if start not in {"earliest", "latest"}:
            raise ConfigError(f"`start` must be 'earliest' or 'latest', got {start!r}.")
        self.name = f"redis:{','.join(self.streams)}:{group}"
        self._group, self._field, self._from, self._dead = group, field, start, dead_letters
        self._client = client(url) if client is not None else _client(redis, url)
        self._after: dict[str, int] = {}
        self._n_read: dict[str, int] = {}
        self._problem: str | None = None
        self._try_at, self._wait = 0.0, 0.0

    @property
    def problem(self) -> str | None:
        """Why nothing comes; None if all is well."""
        return self._problem

    def start(self, listener: Listener) -> None:
        """Look at the server, make the groups that are missing, and take all streams on."""
        try:
            initial = {stream: self._initial(stream) for stream in self.streams}
        except self._errors.RedisError as error:
            raise SourceError(
                f"cannot read from Redis: {error}. Check the address, and that the server runs."
            ) from error
        self._after = dict(listener.assigned(initial))

    def poll(self, max_messages: int, timeout: float) -> Sequence[Message]:
        """Return the next entries. While the server is away nothing comes."""
        now = time.monotonic()
        if now < self._try_at:
            time.sleep(min(timeout, self._try_at - now))
            return ()
        try:
            reply = self._client.xread(
                {stream: entry_id(after) for stream, after in self._after.items()},
                count=max(1, max_messages // len(self._after)),
                block=max(1, int(timeout * 1_000)),  # 0 would be for ever
            )
        except (self._errors.ConnectionError, self._errors.TimeoutError) as error:
            self._wait = min(MAX_WAIT, 2 * self._wait or 0.05)
            self._try_at = time.monotonic() + self._wait
            self._problem = str(error)
            return ()
        except self._errors.RedisError as error:
            raise SourceError(f"cannot read the Redis streams {self.streams!r}: {error}.") from error
        self._problem, self._wait = None, 0.0
        found: list[Message] = []
        for key, entries in reply.items() if isinstance(reply, dict) else reply:
            stream = key.decode()
            # the newer protocol puts the entries of a key into a list more
            flat = entries[0] if isinstance(reply, dict) and entries and isinstance(entries[0], list) else entries
            found += [self._message(stream, entry, fields) for entry, fields in flat]
            self._after[stream] = offset_of(flat[-1][0])
            self._n_read[stream] = self._n_read.get(stream, 0) + len(flat)
        return found

    def seek(self, positions: Mapping[str, int]) -> None:
        """Go on after these ids."""
        self._after |= positions
        self._n_read.clear()

    def commit(self, positions: Mapping[str, int]) -> None:
        """Move the groups to where the store stands."""
        try:
            for stream, offset in positions.items():
                n_read = self._n_read.pop(stream, 0)
                known = self._entries_read(stream)
                options = {} if known is None else {"entries_read": known + n_read}
                self._client.xgroup_setid(stream, self._group, entry_id(offset), **options)
        except self._errors.RedisError:
            return  # the next commit says it again, and only tools want to know

    def dead_letter(self, letters: Sequence[DeadLetter]) -> None:
        """Add the messages to the stream for them, with the reason and where they came from."""
        try:
            for letter in letters:
                message = letter.message
                self._client.xadd(
                    self._dead.replace("{stream}", message.partition),
                    {
                        "data": message.value or b"",
                        "reason": letter.reason.encode(errors="backslashreplace"),
                        "source": f"{message.partition} {entry_id(message.offset)}",
                    },
                    maxlen=MAX_DEAD_LETTERS,
                )
        except self._errors.RedisError as error:
            raise SourceError(f"cannot add a dead letter: {error}.") from error

    def lag(self) -> Mapping[str, int | None]:
        """Return how many entries wait, by what the server says of the group; 0 where everything is read."""
        return {stream: self._lag(stream, after) for stream, after in self._after.items()}

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def _message(self, stream: str, entry: bytes, fields: Mapping[bytes, bytes]) -> Message:
        offset = offset_of(entry)
        # an id begins with the clock of the server, in milliseconds, unless the sender has chosen it
        return Message(stream, offset, fields.get(self._field.encode()), (offset >> _SEQUENCE_BITS) * 1_000)

    def _initial(self, stream: str) -> int:
        earliest = self._from == "earliest"
        made = True
        try:
            self._client.xgroup_create(stream, self._group, id="0" if earliest else "$", mkstream=True)
        except self._errors.ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise
            made = False
        info = self._info(stream)
        begin = 0 if earliest else offset_of(info["last-generated-id"])
        if made and "entries-added" in info:  # since Redis 7, which can tell the lag of a group from it
            n_before = info["entries-added"] - (info["length"] if earliest else 0)
            self._client.xgroup_setid(stream, self._group, entry_id(begin), entries_read=n_before)
        return begin

    def _info(self, stream: str) -> dict[str, Any]:
        return {_text(name): value for name, value in self._client.xinfo_stream(stream).items()}

    def _groups(self, stream: str) -> dict[str, Any]:
        for group in self._client.xinfo_groups(stream):
            described = {_text(name): value for name, value in group.items()}
            if _text(described["name"]) == self._group:
                return described
        return {}

    def _entries_read(self, stream: str) -> int | None:
        found = self._groups(stream).get("entries-read")  # None before Redis 7
        return None if found is None else int(found)

    def _lag(self, stream: str, after: int) -> int | None:
        try:
            if offset_of(self._info(stream)["last-generated-id"]) <= after:
                return 0
            lag = self._groups(stream).get("lag")
        except self._errors.RedisError:
            return None
        return None if lag is None else int(lag)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _client(redis: Any, url: str) -> Any:
    try:
        # a poll waits for a second at most, so a reply that takes longer will not come
        return redis.Redis.from_url(url, socket_timeout=10.0, socket_connect_timeout=5.0)
    except ValueError as error:
        raise ConfigError(f"`url` must begin with redis:// or rediss://: {error}.") from error

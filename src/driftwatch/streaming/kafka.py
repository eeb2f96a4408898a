"""A Kafka topic as a source (layer 5). The only file that knows the `confluent-kafka` client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from driftwatch.errors import ConfigError, MissingExtraError, SourceError
from driftwatch.streaming.source import Message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from driftwatch.streaming.source import DeadLetter, Listener

__all__ = ["KafkaSource"]

TIMEOUT = 10.0  # seconds for a question to the brokers
QUEUE_KBYTES = 16_384  # held by the client and not yet asked for; its own default is 64 MB
LOG_LEVEL = 2  # of syslog: what is wrong is in `problem`, and librdkafka would write to standard error by itself
# What would undo that offsets are ours; everything else of librdkafka's settings may be given.
OURS = frozenset(
    {"enable.auto.commit", "enable.auto.offset.store", "enable.partition.eof", "bootstrap.servers", "group.id"}
)


class KafkaSource:
    """Messages of a Kafka topic, by a group of consumers that share its partitions.

    Parameters
    ----------
    servers : str
        Such as `broker1:9092,broker2:9092`.
    topic : str
    group : str
        Consumer group. Its committed offsets follow what is stored, for tools that look at them; they are never read.
    start : str
        Where a partition begins that the store does not know: `earliest` or `latest`.
    share : bool
        Whether to join the group, so that workers share the partitions. If not, this worker reads all of them, and one
        that is started after a kill goes on at once instead of waiting until the group has given up on the killed one.
    dead_letters : str
        Topic for messages that cannot be counted, `{topic}` in it is replaced.
    settings : mapping of str to str, optional
        Of librdkafka, such as `{"group.instance.id": "watch-1", "security.protocol": "SASL_SSL"}`. With an instance id
        a worker that was killed has its partitions back at once, and not after `session.timeout.ms`.
    """

    def __init__(
        self,
        servers: str,
        topic: str,
        *,
        group: str = "driftwatch",
        start: str = "earliest",
        share: bool = True,
        dead_letters: str = "{topic}.dead",
        settings: Mapping[str, str | int] | None = None,
    ) -> None:
        try:
            import confluent_kafka
        except ImportError as error:
            raise MissingExtraError.for_feature("KafkaSource", package="confluent-kafka", extra="kafka") from error
        if start not in {"earliest", "latest"}:
            raise ConfigError(f"`start` must be 'earliest' or 'latest', got {start!r}.")
        settings = dict(settings or {})
        if taken := sorted(OURS.intersection(settings)):
            raise ConfigError(f"`settings` must not have {', '.join(taken)}: driftwatch keeps the offsets by itself.")
        self._kafka = confluent_kafka
        self.topic, self.name = topic, f"kafka:{topic}:{group}"
        self._from, self._share, self._dead = start, share, dead_letters.replace("{topic}", topic)
        shared = {"bootstrap.servers": servers, **_of_producers(settings)}
        self._producer_settings = {"log_level": LOG_LEVEL, **shared, "enable.idempotence": True}
        self._problem: str | None = None
        try:
            self._consumer = confluent_kafka.Consumer(
                {
                    "queued.max.messages.kbytes": QUEUE_KBYTES,
                    "log_level": LOG_LEVEL,
                    **settings,
                    # only for what the broker has deleted before it was read: never skip more than that
                    "auto.offset.reset": "earliest",
                    "bootstrap.servers": servers,
                    "group.id": group,
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    "enable.partition.eof": True,
                    "error_cb": self._note_error,
                }
            )
        except confluent_kafka.KafkaException as error:
            raise ConfigError(f"`settings` are refused by librdkafka: {error.args[0].str()}.") from error
        self._producer: Any = None
        self._listener: Listener | None = None
        self._after: dict[str, int] = {}
        self._at_end: set[str] = set()

    @property
    def problem(self) -> str | None:
        """Why nothing comes; None if all is well."""
        return self._problem

    def start(self, listener: Listener) -> None:
        """Look for the topic and join the group; its partitions are then taken on while the source is polled."""
        self._listener = listener
        try:
            topics = self._consumer.list_topics(self.topic, timeout=TIMEOUT).topics
        except self._kafka.KafkaException as error:
            raise SourceError(
                f"cannot reach Kafka: {error.args[0].str()}. Check the servers, and that they run."
            ) from error
        described = topics[self.topic]
        if described.error is not None:
            raise SourceError(f"cannot read the topic {self.topic!r}: {described.error.str()}.")
        if not self._share:
            self._on_assign(
                self._consumer, [self._kafka.TopicPartition(self.topic, number) for number in described.partitions]
            )
            return
        self._consumer.subscribe(
            [self.topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
        )

    def poll(self, max_messages: int, timeout: float) -> Sequence[Message]:
        """Return the next messages; partitions may be taken on and given up meanwhile."""
        found = []
        for message in self._consumer.consume(max_messages, timeout):
            partition = str(message.partition())
            error = message.error()
            if error is None:
                self._problem = None
                self._at_end.discard(partition)
                kind, milliseconds = message.timestamp()
                moment = None if kind == self._kafka.TIMESTAMP_NOT_AVAILABLE else milliseconds * 1_000
                found.append(Message(partition, message.offset(), message.value(), moment))
                self._after[partition] = message.offset()
            elif error.code() == self._kafka.KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                self._problem = None
                self._at_end.add(partition)
            elif error.fatal():
                raise SourceError(f"cannot read the topic {self.topic!r}: {error.str()}.")
            else:
                self._problem = error.str()
        return found

    def seek(self, positions: Mapping[str, int]) -> None:
        """Go on after these offsets."""
        self._after |= positions
        self._at_end.clear()
        # not `seek`, which fails for a partition that is not fetched yet
        mine = {str(place.partition) for place in self._consumer.assignment()}
        if mine:
            self._consumer.assign([self._place(name, after) for name, after in positions.items() if name in mine])

    def commit(self, positions: Mapping[str, int]) -> None:
        """Tell the group what is stored, without waiting for the answer."""
        if positions:
            try:
                places = [self._place(name, after) for name, after in positions.items()]
                self._consumer.commit(offsets=places, asynchronous=True)
            except self._kafka.KafkaException:
                return  # the next commit says it again, and only tools want to know

    def dead_letter(self, letters: Sequence[DeadLetter]) -> None:
        """Send the messages to the topic for them, with the reason and where they came from as headers."""
        if self._producer is None:
            self._producer = self._kafka.Producer(self._producer_settings)
        failed: list[str] = []

        def delivered(error: Any, _: Any) -> None:
            if error is not None:
                failed.append(error.str())

        try:
            for letter in letters:
                message = letter.message
                headers = {
                    "reason": letter.reason.encode(errors="backslashreplace"),
                    "source": f"{self.topic} {message.partition} {message.offset}".encode(),
                }
                self._producer.produce(self._dead, message.value, headers=headers, on_delivery=delivered)
            left = self._producer.flush(TIMEOUT)
        except (self._kafka.KafkaException, BufferError) as error:
            raise SourceError(f"cannot send a dead letter: {error}.") from error
        if failed or left:
            raise SourceError(f"cannot send {left + len(failed)} dead letters: {', '.join(failed[:1]) or 'no answer'}.")

    def lag(self) -> Mapping[str, int | None]:
        """Return how many messages wait, by what the client has heard from the brokers; 0 where the end is reached."""
        found: dict[str, int | None] = {}
        for name, after in list(self._after.items()):
            if name in self._at_end:
                found[name] = 0
                continue
            try:
                place = self._kafka.TopicPartition(self.topic, int(name))
                _, high = self._consumer.get_watermark_offsets(place, cached=True)
            except (self._kafka.KafkaException, RuntimeError):
                high = -1
            found[name] = high - after - 1 if high >= 0 else None
        return found

    def close(self) -> None:
        """Leave the group; partitions are given up first."""
        self._consumer.close()

    def _place(self, partition: str, after: int) -> Any:
        return self._kafka.TopicPartition(self.topic, int(partition), after + 1)

    def _note_error(self, error: Any) -> None:
        self._problem = error.str()

    def _on_assign(self, consumer: Any, places: Sequence[Any]) -> None:
        assert self._listener is not None
        bounds = {str(place.partition): self._bounds(place) for place in places}
        initial = {name: (low if self._from == "earliest" else high) - 1 for name, (low, high) in bounds.items()}
        known = self._listener.assigned(initial)
        for name, after in known.items():
            if after + 1 > bounds[name][1]:
                raise SourceError(
                    f"partition {name} of topic {self.topic!r} ends at {bounds[name][1]}, and it was counted up to {after} "
                    "before: the topic is another one now. Give the stream another name, or forget it in the store."
                )
        self._after = dict(known)
        self._at_end.clear()
        consumer.assign([self._place(name, after) for name, after in known.items()])

    def _bounds(self, place: Any) -> tuple[int, int]:
        try:
            low, high = self._consumer.get_watermark_offsets(place, timeout=TIMEOUT)
        except self._kafka.KafkaException as error:
            raise SourceError(f"cannot ask for the ends of topic {self.topic!r}: {error.args[0].str()}.") from error
        return low, high

    def _on_revoke(self, _: Any, places: Sequence[Any]) -> None:
        assert self._listener is not None
        self._give_up(places)
        self._listener.revoked([str(place.partition) for place in places])

    def _on_lost(self, consumer: Any, places: Sequence[Any]) -> None:
        # Somebody else has them already. Storing is tried all the same: it fails if they were counted there.
        self._on_revoke(consumer, places)

    def _give_up(self, places: Sequence[Any]) -> None:
        for place in places:
            self._after.pop(str(place.partition), None)
            self._at_end.discard(str(place.partition))


def _of_producers(settings: Mapping[str, str | int]) -> dict[str, str | int]:
    """Return the settings that say how to reach the brokers, which a producer needs too."""
    shared = ("security.", "sasl.", "ssl.", "client.", "socket.", "broker.")
    return {name: value for name, value in settings.items() if name.startswith(shared)}

"""From the outbox to the receivers (layer 5): at least once, with retries, until delivered or given up."""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from driftwatch.alerting.deciding import Settled
from driftwatch.alerts.model import Notification
from driftwatch.alerts.state import OUTBOX
from driftwatch.errors import DeliveryError, InputError
from driftwatch.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from driftwatch.alerting.manager import AlertManager
    from driftwatch.store.model import Letter
    from driftwatch.store.protocol import Store

__all__ = ["Delivery"]

ERROR_LENGTH = 500  # of a message that is stored with a letter
STORE = ""  # under which a problem stands that is no receiver's
MAX_DOUBLINGS = 30  # 2**30 seconds are above every cap, and the power stays small


class Delivery:
    """Sends what waits in the outbox: a thread for each receiver, so that one that hangs holds up no other.

    Made by `AlertManager.start`.

    Parameters
    ----------
    manager : AlertManager
    store : Store
    poll : float
        Seconds between looks into the outbox.
    lease : float
        Seconds after which another process may send a claimed letter again: longer than any notifier takes.
    backoff, backoff_max : float
        Seconds: the wait after the n-th failure is drawn between 0 and `backoff * 2**(n - 1)`, at most `backoff_max`.
    rng : random.Random, optional
        Draws the waits.
    """

    def __init__(
        self,
        manager: AlertManager,
        store: Store,
        *,
        poll: float = 1.0,
        lease: float = 120.0,
        backoff: float = 2.0,
        backoff_max: float = 600.0,
        rng: random.Random | None = None,
    ) -> None:
        self._manager, self._store = manager, store
        self._poll, self._lease, self._backoff, self._backoff_max = poll, lease, backoff, backoff_max
        self._rng = random.Random() if rng is None else rng  # noqa: S311 - spreads retries, keeps no secret
        self._stopping = threading.Event()
        self._end = 0.0
        self._threads: list[threading.Thread] = []
        self._problems: dict[str, str] = {}
        self._busy: dict[str, float] = {}

    def start(self) -> Self:
        """Start the threads. They are daemons: none of them keeps a process alive."""
        for receiver in self._manager.receivers.values():
            receiver.notifier.bind(self._store)
        targets: list[tuple[str, Callable[..., object], tuple[str, ...]]] = [("clock", self._watch, ())]
        targets += [(name, self._serve, (name,)) for name in self._manager.receivers]
        for name, target, args in targets:
            thread = threading.Thread(target=target, args=args, name=f"driftwatch-alerts-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def stop(self, timeout: float = 5.0) -> bool:
        """End delivery, and return whether all of it ended in time.

        What is due is sent first, up to the first failure or the timeout. What is left stays in the outbox for the next
        process; a letter that is being sent at the end of the timeout is sent again then.
        """
        self._end = time.monotonic() + timeout
        self._stopping.set()
        for thread in self._threads:
            thread.join(max(0.0, self._end - time.monotonic()))
        ended = not any(thread.is_alive() for thread in self._threads)
        if ended:
            for receiver in self._manager.receivers.values():
                with suppress(Exception):  # it is over either way
                    receiver.notifier.close()
        return ended

    def status(self) -> dict[str, Any]:
        """Return what went wrong last, by receiver (the store's under `""`), and for how many seconds each has been at its letter."""
        now = time.monotonic()
        return {
            "problems": dict(self._problems),
            "sending_for": {name: now - since for name, since in self._busy.copy().items()},
        }

    def deliver(self, name: str) -> bool:
        """Send one letter of a receiver, and return whether one was due."""
        # a look costs no lock; most of the time there is nothing
        if not self._store.letters("waiting", limit=1):
            return False
        now = self._now()
        with self._store.transaction() as transaction:
            letters = transaction.claim([name], now=now, until=now + int(self._lease * 1e6), limit=1)
        for letter in letters:
            self._send(name, letter)
        return bool(letters)

    def _send(self, name: str, letter: Letter) -> None:
        try:
            sent = Notification.from_json(letter.body)
        except InputError as error:
            with self._store.transaction() as transaction:
                transaction.settle(letter.id, state="dead", now=self._now(), error=_words(error))
            return
        self._busy[name] = time.monotonic()
        try:
            self._manager.receivers[name].notifier.send(sent)
        except Exception as error:  # noqa: BLE001 - whatever a notifier raises is a failed attempt
            self._problems[name] = _words(error)
            self._failed(letter, sent, error)
        else:
            self._problems.pop(name, None)
            self._settle(letter, sent, delivered=True)
        finally:
            self._busy.pop(name, None)

    def _failed(self, letter: Letter, sent: Notification, error: Exception) -> None:
        now, words = self._now(), _words(error)
        permanent, retry_after = False, None
        if isinstance(error, DeliveryError):
            permanent, retry_after = error.permanent, error.retry_after
        end = letter.created + int(self._manager.plan.give_up_after * 1e6)
        if permanent or now >= end:
            self._settle(letter, sent, delivered=False, error=words)
            return
        ceiling = min(self._backoff_max, self._backoff * 2.0 ** min(letter.attempts - 1, MAX_DOUBLINGS))
        wait = max(self._rng.uniform(0.0, ceiling), retry_after or 0.0)
        with self._store.transaction() as transaction:
            # a last try when its time is over, however long the receiver asked to wait
            transaction.postpone(letter.id, due=min(now + int(wait * 1e6), end), error=words)
            transaction.count(sent.stream or OUTBOX, {"notification_retries": 1})

    def _settle(self, letter: Letter, sent: Notification, *, delivered: bool, error: str = "") -> None:
        name = "notifications_delivered" if delivered else "notifications_dead"
        with self._store.transaction() as transaction:
            transaction.settle(letter.id, state="delivered" if delivered else "dead", now=self._now(), error=error)
            transaction.count(sent.stream or OUTBOX, {name: 1})
            self._manager.apply(transaction, Settled(sent, delivered=delivered))

    def _serve(self, name: str) -> None:
        while True:
            ending = self._stopping.is_set()
            try:
                busy = self.deliver(name)
            except Exception as error:  # noqa: BLE001 - a store that is locked now may not be in a second
                self._problems[STORE], busy = _words(error), False
            if ending and (not busy or name in self._problems or time.monotonic() > self._end):
                return
            if not busy:
                self._stopping.wait(self._poll)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self._manager.tick(self._store)
                self._problems.pop(STORE, None)
            except Exception as error:  # noqa: BLE001 - as above
                self._problems[STORE] = _words(error)
            self._stopping.wait(self._poll)

    def _now(self) -> int:
        return int(self._manager.clock() * 1e6)


def _words(error: Exception) -> str:
    return printable(f"{type(error).__name__}: {error}")[:ERROR_LENGTH]

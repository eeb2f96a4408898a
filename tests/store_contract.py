"""What every store must do, written once: each database runs these tests over a `store` and its `address`."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.errors import ConfigError, StoreConflictError, StoreError, StoreLockedError
from driftwatch.store import (
    Baseline,
    Lease,
    Letter,
    OpenWindow,
    OutboxCount,
    Position,
    Progress,
    Run,
    RunCount,
    Store,
    WindowKey,
    open_store,
)
from store_rows import add_rows, claim_all, hang_inside

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KEY", "StoreContract", "letter", "run"]

KEY = WindowKey(0, 300)
SPAWN = multiprocessing.get_context("spawn")


def run(stream: str = "s", created: int = 0, key: WindowKey = KEY) -> Run:
    return Run(stream, key, created, n_rows=7, verdict="drift")


def letter(name: str = "1", receiver: str = "team", *, created: int = 0, due: int = 0) -> Letter:
    return Letter(name, receiver, f'{{"n": "{name}"}}', created, due)


class StoreContract:
    def test_what_a_transaction_wrote_is_there_for_the_next_process(self, address: str) -> None:
        at = Position(2**70, n_messages=3, n_rows=6, event_time=299, idle=True)
        with open_store(address) as store, store.transaction() as transaction:
            assert transaction.register("s", "{}") == "{}"
            transaction.move("s", "0", at, expected=None)
            transaction.put_window_part("s", KEY, "0", b"counts", n_rows=6)
            transaction.set_watermark("s", 299)
            transaction.count("s", {"late_rows": 2, "nothing": 0})

        with open_store(address) as store, store.transaction() as transaction:
            assert transaction.positions("s") == {"0": at}
            assert transaction.window_part("s", KEY, "0") == b"counts"
            assert transaction.open_windows("s") == [OpenWindow(KEY, 6)]
            assert transaction.watermark("s") == 299
            assert store.counters("s") == {"late_rows": 2}
            assert store.streams() == ["s"]

    def test_a_transaction_that_raises_stores_nothing(self, store: Store) -> None:
        def half() -> None:
            with store.transaction() as transaction:
                transaction.count("s", {"rows": 1})
                raise KeyError

        with pytest.raises(KeyError):
            half()
        assert store.counters("s") == {}
        with store.transaction() as transaction:  # and the next one is not hindered
            transaction.count("s", {"rows": 1})
        assert store.counters("s") == {"rows": 1}

    def test_settings_of_a_stream_stay_those_it_began_with(self, store: Store) -> None:
        with store.transaction() as transaction:
            transaction.register("s", "first")
            assert transaction.register("s", "second") == "first"

    @pytest.mark.parametrize(("stored", "expected"), [(5, None), (5, 4), (None, 4)])
    def test_moving_from_where_the_partition_is_not_is_a_conflict(
        self, store: Store, stored: int | None, expected: int | None
    ) -> None:
        if stored is not None:
            with store.transaction() as transaction:
                transaction.move("s", "0", Position(stored), expected=None)

        def count_and_move() -> None:
            with store.transaction() as transaction:
                transaction.count("s", {"rows": 1})
                transaction.move("s", "0", Position(9), expected=expected)

        with pytest.raises(StoreConflictError, match="another worker"):
            count_and_move()
        assert store.counters("s") == {}

    def test_parts_of_a_window_are_kept_apart_and_removed_together(self, store: Store) -> None:
        other = WindowKey(300, 600)
        with store.transaction() as transaction:
            for part in ("1", "0"):
                transaction.put_window_part("s", KEY, part, part.encode(), n_rows=2)
            transaction.put_window_part("s", KEY, "0", b"new", n_rows=5)
            transaction.put_window_part("s", other, "0", b"x", n_rows=1)
            assert transaction.window_parts("s", KEY) == [b"new", b"1"]
            assert transaction.open_windows("s") == [OpenWindow(KEY, 9), OpenWindow(other, 1)]
            assert transaction.remove_window("s", KEY)
            assert not transaction.remove_window("s", KEY)
            assert transaction.open_windows("s") == [OpenWindow(other, 1)]

    def test_windows_of_a_scope_are_their_own(self, store: Store) -> None:
        scoped = WindowKey(0, 300, "0")
        with store.transaction() as transaction:
            transaction.put_window_part("s", KEY, "0", b"a", n_rows=1)
            transaction.put_window_part("s", scoped, "0", b"b", n_rows=2)
            assert transaction.window_parts("s", scoped) == [b"b"]
            assert len(transaction.open_windows("s")) == 2

    def test_runs_come_newest_first_with_their_reports(self, store: Store) -> None:
        with store.transaction() as transaction:
            transaction.add_run(run("s", 1), '{"n": 1}')
            transaction.add_run(run("t", 2, WindowKey(1, 2, "0")), '{"n": 2}')
        newest, oldest = store.runs()

        assert (newest.stream, newest.key, newest.created, newest.n_rows, newest.verdict) == (
            "t",
            WindowKey(1, 2, "0"),
            2,
            7,
            "drift",
        )
        assert [found.id for found in store.runs("s")] == [oldest.id]
        assert [found.id for found in store.runs(limit=1)] == [newest.id]
        assert store.report(oldest.id) == '{"n": 1}'

    def test_runs_below_an_id_are_the_next_page(self, store: Store) -> None:
        with store.transaction() as transaction:
            first, other, last = (transaction.add_run(run(name), "{}") for name in ("s", "t", "s"))

        assert [found.id for found in store.runs(below=last)] == [other, first]
        assert [found.id for found in store.runs("s", below=last, limit=1)] == [first]
        assert store.runs(below=first) == []

    def test_the_newest_run_of_each_stream_comes_with_their_number(self, store: Store) -> None:
        assert store.run_counts() == []
        with store.transaction() as transaction:
            for name in ("t", "s", "t"):
                transaction.add_run(run(name), "{}")
        store.prune(keep=1, stream="s")

        assert store.run_counts() == [RunCount(store.runs("s")[0], 1), RunCount(store.runs("t")[0], 2)]

    def test_a_report_that_is_not_there_says_so(self, store: Store) -> None:
        with pytest.raises(StoreError, match="no check 3"):
            store.report(3)

    def test_prune_drops_the_old_and_keeps_the_newest_of_each_stream(self, store: Store) -> None:
        with store.transaction() as transaction:
            for created in range(5):
                transaction.add_run(run("s", created), "{}")
            transaction.add_run(run("t", 0), "{}")

        assert store.prune(before=2) == 3
        assert [found.created for found in store.runs("s")] == [4, 3, 2]
        assert store.prune(keep=1) == 2
        assert [found.created for found in store.runs("s")] == [4]

    @pytest.mark.parametrize("options", [{}, {"before": 1, "keep": 1}, {"keep": -1}])
    def test_prune_wants_one_bound(self, store: Store, options: dict[str, Any]) -> None:
        with pytest.raises(ConfigError):
            store.prune(**options)

    def test_forget_drops_a_stream_and_keeps_its_checks(self, store: Store) -> None:
        with store.transaction() as transaction:
            for name in ("s", "t"):
                transaction.register(name, "{}")
                transaction.move(name, "0", Position(1), expected=None)
                transaction.put_window_part(name, KEY, "0", b"", n_rows=1)
                transaction.count(name, {"rows": 1})
                transaction.add_run(run(name), "{}")
        store.forget("s")

        with store.transaction() as transaction:
            assert (transaction.positions("s"), transaction.open_windows("s"), store.counters("s")) == ({}, [], {})
            assert len(transaction.positions("t")) == len(transaction.open_windows("t")) == 1
        assert store.streams() == ["t"]
        assert len(store.runs("s")) == 1

    def test_processes_that_open_a_new_store_at_once_take_turns(self, address: str) -> None:
        workers = [SPAWN.Process(target=add_rows, args=(address, 25)) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
        assert [worker.exitcode for worker in workers] == [0, 0, 0]
        with open_store(address) as store, store.transaction() as transaction:
            assert transaction.positions("s") == {"0": Position(75)}

    def test_a_writer_that_is_killed_leaves_no_half_and_no_lock(
        self, store: Store, address: str, tmp_path: Path
    ) -> None:
        inside = tmp_path / "inside"
        writer = SPAWN.Process(target=hang_inside, args=(address, str(inside)))
        writer.start()
        until = time.monotonic() + 60
        while not inside.exists():
            assert writer.is_alive()
            assert time.monotonic() < until
            time.sleep(0.01)
        assert store.counters("s") == {}
        writer.kill()
        writer.join()
        with store.transaction() as transaction:
            transaction.count("s", {"whole": 1})
        assert store.counters("s") == {"whole": 1}

    def test_threads_have_connections_of_their_own(self, store: Store) -> None:
        def add() -> None:
            for _ in range(20):
                with store.transaction() as transaction:
                    transaction.count("s", {"rows": 1})

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.counters("s") == {"rows": 80}

    def test_a_closed_store_opens_again_when_it_is_used(self, store: Store) -> None:
        store.close()
        assert store.counters("s") == {}

    def test_readers_do_not_wait_for_a_writer(self, store: Store, address: str) -> None:
        with store.transaction() as transaction, open_store(address) as other:
            transaction.count("s", {"rows": 1})
            assert other.counters("s") == {}

    def test_a_lock_that_stays_is_named(self, store: Store, address: str) -> None:
        with (
            store.transaction(),
            open_store(address, timeout=0.05) as other,
            pytest.raises(StoreLockedError, match=r"0\.05 s"),
            other.transaction(),
        ):
            pass

    def test_a_store_is_not_pickled(self, store: Store) -> None:
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(store)

    def test_letters_that_are_known_are_not_taken_again(self, store: Store) -> None:
        with store.transaction() as transaction:
            assert transaction.enqueue(letter("1"))
            assert not transaction.enqueue(letter("1", "other", created=9))
        with store.transaction() as transaction:
            transaction.settle("1", state="delivered", now=5)
            assert not transaction.enqueue(letter("1"))
        assert store.letters("waiting") == []
        assert [found.receiver for found in store.letters()] == ["team"]

    def test_a_letter_of_a_transaction_that_raises_is_not_sent(self, store: Store) -> None:
        def half() -> None:
            with store.transaction() as transaction:
                transaction.add_run(run(), "{}")
                transaction.enqueue(letter())
                raise KeyError

        with pytest.raises(KeyError):
            half()
        assert (store.runs(), store.letters()) == ([], [])

    def test_claims_give_what_is_due_for_a_receiver_the_longest_due_first(self, store: Store) -> None:
        with store.transaction() as transaction:
            for name, receiver, due in (("late", "team", 90), ("b", "team", 20), ("a", "team", 10), ("x", "ops", 0)):
                transaction.enqueue(letter(name, receiver, due=due))
            assert transaction.claim([], now=50, until=60, limit=9) == []
            (first,) = transaction.claim(["team"], now=50, until=60, limit=1)
            assert first == Letter("a", "team", '{"n": "a"}', 0, due=60, attempts=1)
            assert [found.id for found in transaction.claim(["ops", "team"], now=50, until=60, limit=9)] == ["x", "b"]
            assert transaction.claim(["team", "ops"], now=50, until=60, limit=9) == []
        assert {found.id: found.due for found in store.letters("waiting")} == {"a": 60, "b": 60, "x": 60, "late": 90}

    def test_what_a_sender_claimed_and_never_settled_is_claimed_again_when_its_time_is_over(self, store: Store) -> None:
        with store.transaction() as transaction:
            transaction.enqueue(letter())
            transaction.claim(["team"], now=0, until=60, limit=1)
            assert transaction.claim(["team"], now=59, until=99, limit=1) == []
            (again,) = transaction.claim(["team"], now=60, until=99, limit=1)
        assert again.attempts == 2

    def test_two_processes_claim_each_letter_once(self, store: Store, address: str, tmp_path: Path) -> None:
        names = [f"{i:03}" for i in range(60)]
        with store.transaction() as transaction:
            for name in names:
                transaction.enqueue(letter(name))
        told = [tmp_path / name for name in "ab"]
        senders = [SPAWN.Process(target=claim_all, args=(address, str(file), 1)) for file in told]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(60)
        assert [sender.exitcode for sender in senders] == [0, 0]
        assert sorted("".join(file.read_text() for file in told).split()) == names

    def test_a_letter_that_failed_is_sent_later_with_its_error_kept(self, store: Store) -> None:
        with store.transaction() as transaction:
            transaction.enqueue(letter())
            transaction.claim(["team"], now=0, until=60, limit=1)
            transaction.postpone("1", due=30, error="503")
        assert store.letters() == [Letter("1", "team", '{"n": "1"}', 0, 30, 1, "waiting", "503")]

    def test_letters_end_delivered_or_dead_and_delivered_wins(self, store: Store) -> None:
        with store.transaction() as transaction:
            for name in "abc":
                transaction.enqueue(letter(name))
            transaction.settle("a", state="dead", now=5, error="410")
            transaction.settle("b", state="delivered", now=6)
            transaction.settle("b", state="dead", now=7, error="late")
            transaction.settle("c", state="dead", now=7, error="late")
            transaction.settle("c", state="delivered", now=8)
            transaction.postpone("a", due=99, error="again")
            transaction.settle("unknown", state="dead", now=9)
            assert transaction.claim(["team"], now=100, until=200, limit=9) == []
        assert [(found.id, found.error) for found in store.letters("dead")] == [("a", "410")]
        assert [(found.id, found.error) for found in store.letters("delivered")] == [("b", ""), ("c", "")]

    def test_a_dead_letter_can_be_sent_again_as_if_it_was_new(self, store: Store) -> None:
        with store.transaction() as transaction:
            for name in ("a", "b"):
                transaction.enqueue(Letter(name, "team", "{}", created=1, due=1))
            transaction.claim(["team"], now=5, until=50, limit=9)
            transaction.settle("a", state="dead", now=9, error="410")
            assert [transaction.requeue(name, now=20) for name in ("a", "b", "c")] == [True, False, False]
        (letter,) = [letter for letter in store.letters() if letter.id == "a"]
        assert letter == Letter("a", "team", "{}", created=20, due=20)
        store.prune(keep=0)
        assert len(store.letters("waiting")) == 2

    def test_the_outbox_is_counted_by_receiver_and_state(self, store: Store) -> None:
        assert store.outbox() == []
        with store.transaction() as transaction:
            for i, receiver in enumerate(["team", "team", "mail"]):
                transaction.enqueue(letter(str(i), receiver, created=10 + i))
            transaction.settle("1", state="dead", now=5)
        assert store.outbox() == [
            OutboxCount("mail", "waiting", 1, 12),
            OutboxCount("team", "dead", 1, 11),
            OutboxCount("team", "waiting", 1, 10),
        ]

    def test_how_far_a_stream_is_can_be_read_beside_a_writer(self, store: Store, address: str) -> None:
        assert store.progress("s") == Progress(None, 0, {})
        with store.transaction() as transaction:
            transaction.register("s", "{}")
            transaction.set_watermark("s", 7)
            transaction.move("s", "0", Position(3, 4, 5, 6, idle=True), expected=None)
            for part in ("a", "b"):
                transaction.put_window_part("s", WindowKey(0, 10), part, b"", n_rows=1)
            transaction.put_window_part("s", WindowKey(0, 10, "p"), "a", b"", n_rows=1)
        with store.transaction() as transaction, open_store(address) as other:
            transaction.set_watermark("s", 8)
            assert other.progress("s") == Progress(7, 2, {"0": Position(3, 4, 5, 6, idle=True)})

    def test_letters_come_newest_first(self, store: Store) -> None:
        with store.transaction() as transaction:
            for created in (1, 3, 2):
                transaction.enqueue(letter(str(created), created=created))
        assert [found.id for found in store.letters()] == ["3", "2", "1"]
        assert [found.id for found in store.letters(limit=1)] == ["3"]

    def test_a_letter_ends_in_a_known_state(self, store: Store) -> None:
        with store.transaction() as transaction, pytest.raises(ConfigError, match="'sent'"):
            transaction.settle("1", state="sent", now=0)  # type: ignore[arg-type]

    def test_a_claim_that_is_over_at_once_is_refused(self, store: Store) -> None:
        with store.transaction() as transaction, pytest.raises(ConfigError, match="`until`"):
            transaction.claim(["team"], now=5, until=5, limit=1)

    def test_prune_drops_letters_that_ended_and_keeps_those_that_wait(self, store: Store) -> None:
        with store.transaction() as transaction:
            for name in ("old", "old dead", "new", "waiting"):
                transaction.enqueue(letter(name))
            transaction.settle("old", state="delivered", now=9)
            transaction.settle("old dead", state="dead", now=9)
            transaction.settle("new", state="delivered", now=10)
        assert store.prune(before=10) == 0
        assert {found.id for found in store.letters()} == {"new", "waiting"}

    def test_prune_by_number_drops_letters_older_than_the_checks_that_are_left(self, store: Store) -> None:
        with store.transaction() as transaction:
            for created in (1, 2, 3):
                transaction.add_run(run(created=created), "{}")
                transaction.enqueue(letter(str(created)))
                transaction.settle(str(created), state="delivered", now=created)
        assert store.prune(keep=1) == 2
        assert [found.id for found in store.letters()] == ["3"]
        assert store.prune(keep=0) == 1
        assert store.letters() == []

    def test_a_lease_has_one_holder_until_it_is_over(self, store: Store) -> None:
        with store.transaction() as transaction:
            assert transaction.lease("judge", "a", now=0, until=10)
            assert not transaction.lease("judge", "b", now=9, until=30)
            assert transaction.lease("judge", "a", now=9, until=20)  # renewed
            assert not transaction.lease("judge", "b", now=19, until=30)
            assert transaction.lease("judge", "b", now=20, until=30)  # a was late
            assert not transaction.lease("judge", "a", now=21, until=40)
            assert transaction.lease("other", "a", now=21, until=40)
        assert store.leases() == [Lease("judge", "b", 30), Lease("other", "a", 40)]

    def test_a_lease_is_given_back_by_its_holder_alone(self, store: Store) -> None:
        with store.transaction() as transaction:
            transaction.lease("judge", "a", now=0, until=10)
            transaction.release("judge", "b")
            assert not transaction.lease("judge", "b", now=1, until=10)
            transaction.release("judge", "a")
            assert transaction.lease("judge", "b", now=1, until=10)

    def test_a_lease_that_is_over_at_once_is_refused(self, store: Store) -> None:
        with store.transaction() as transaction, pytest.raises(ConfigError, match="`until`"):
            transaction.lease("judge", "a", now=5, until=5)

    def test_notes_are_kept_by_space_and_name(self, store: Store) -> None:
        with store.transaction() as transaction:
            assert transaction.note("alert", "x") is None
            for name, text in (("b", "1"), ("B", "2"), ("a", "\N{SNOWMAN}"), ("b", "3")):
                transaction.put_note("alert", name, text)
            transaction.put_note("silence", "b", "other")
            assert transaction.note("alert", "b") == "3"
            assert list(transaction.notes("alert").items()) == [("B", "2"), ("a", "\N{SNOWMAN}"), ("b", "3")]
            transaction.put_note("alert", "b", None)
            transaction.put_note("alert", "never there", None)
        assert store.notes("alert") == {"B": "2", "a": "\N{SNOWMAN}"}
        assert store.notes("silence") == {"b": "other"}
        assert store.notes("none") == {}

    def test_checks_of_a_time_are_those_stored_in_it(self, store: Store) -> None:
        with store.transaction() as transaction:
            for created in range(5):
                transaction.add_run(run("st"[created % 2], created), "{}")
        assert [found.created for found in store.runs(since=2)] == [4, 3, 2]
        assert [found.created for found in store.runs(since=1, until=4, limit=2)] == [3, 2]
        assert [found.created for found in store.runs("s", since=1)] == [4, 2]

    def test_prune_of_one_stream_leaves_the_others(self, store: Store) -> None:
        with store.transaction() as transaction:
            for created in range(4):
                transaction.add_run(run("st"[created % 2], created), "{}")
        assert store.prune(keep=0, stream="t") == 2
        assert store.prune(before=2, stream="s") == 1
        assert [(found.stream, found.created) for found in store.runs()] == [("s", 2)]

    def test_a_thread_has_one_transaction_at_a_time(self, store: Store) -> None:
        with store.transaction() as transaction:
            transaction.count("s", {"rows": 1})
            with pytest.raises(StoreError), store.transaction():
                pass
        assert store.counters("s") == {"rows": 1}

    def test_versions_of_a_reference_are_kept_once(self, store: Store) -> None:
        first = Baseline("orders", 1, 10, None, "", 100, "aa")
        second = Baseline("orders", 2, 20, "Ada", "new prices", 90, "bb")
        with store.transaction() as transaction:
            assert transaction.put_baseline(first, b"one")
            assert transaction.put_baseline(second, b"two\x00")
            assert not transaction.put_baseline(first, b"one again")
            assert transaction.put_baseline(Baseline("returns", 1, 5, None, "", 7, "cc"), b"other")
        assert store.baselines("orders") == [second, first]
        assert [found.name for found in store.baselines()] == ["orders", "orders", "returns"]
        assert (store.baseline("orders"), store.baseline("orders", 1)) == (b"two\x00", b"one")

    def test_another_reference_of_that_version_is_a_conflict(self, store: Store) -> None:
        with store.transaction() as transaction:
            transaction.put_baseline(Baseline("orders", 2, 20, "Ada", "new prices", 90, "bb"), b"two")
            with pytest.raises(StoreConflictError, match="of Ada: 'new prices'"):
                transaction.put_baseline(Baseline("orders", 2, 21, "Bob", "sale", 80, "dd"), b"2")

    def test_a_reference_that_is_not_there_says_so(self, store: Store) -> None:
        with pytest.raises(StoreError, match="no reference 'orders'"):
            store.baseline("orders")
        with pytest.raises(StoreError, match="no version 3 of the reference 'orders'"):
            store.baseline("orders", 3)

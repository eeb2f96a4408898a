"""State in a real PostgreSQL: the contract, and what a server and many hosts bring."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

import psycopg
import pytest

from driftwatch.errors import ConfigError, InputError, StoreError, StoreLockedError, StoreUnavailableError
from driftwatch.metrics import render_metrics
from driftwatch.store import PostgreSQLStore, SQLiteStore, WindowKey, open_store
from driftwatch.store._migrations import VERSION
from metrics_samples import add_check, fill, hostile_report
from postgresql_server import PASSWORD, PostgreSQLServer
from store_contract import StoreContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQLServer]:
    made = PostgreSQLServer()
    made.start()
    yield made
    made.remove()


@pytest.fixture
def address(server: PostgreSQLServer) -> str:
    return f"{server.url}?schema=test_{next(NUMBERS)}"


@pytest.fixture
def store(address: str) -> Iterator[PostgreSQLStore]:
    with PostgreSQLStore(address) as opened:
        yield opened


def plain(store: PostgreSQLStore, address: str) -> psycopg.Connection:
    return psycopg.connect(address.partition("?")[0], autocommit=True, options=f"-c search_path={store.schema}")


class TestContract(StoreContract):
    pass


def add(store: PostgreSQLStore, n: int = 1) -> None:
    with store.transaction() as transaction:
        transaction.count("s", {"rows": n})


def test_stores_of_two_schemas_are_apart(store: PostgreSQLStore, address: str) -> None:
    with PostgreSQLStore(address, schema="other_one") as other:
        assert other.schema == "other_one"
        with other.transaction() as transaction, store.transaction() as second:  # their writers do not wait
            transaction.count("s", {"rows": 1})
            second.count("s", {"rows": 2})
        assert (store.counters("s"), other.counters("s")) == ({"rows": 2}, {"rows": 1})


def test_a_store_that_was_open_before_the_server_started_again_goes_on(server: PostgreSQLServer, address: str) -> None:
    with PostgreSQLStore(address, timeout=30.0) as store:
        add(store)
        server.stop()
        server.start()
        add(store)
        server.crash()
        server.start()
        assert store.counters("s") == {"rows": 2}


def test_a_writer_waits_for_a_server_that_is_starting(server: PostgreSQLServer, address: str) -> None:
    with PostgreSQLStore(address, timeout=60.0) as store:
        add(store)
        server.stop()
        starter = threading.Timer(0.5, server.start)
        starter.start()
        add(store)
        starter.join()
        assert store.counters("s") == {"rows": 2}


def test_a_transaction_that_loses_its_server_stores_nothing_and_says_so(server: PostgreSQLServer, address: str) -> None:
    def interrupted() -> None:
        with opened.transaction() as transaction:
            transaction.count("s", {"rows": 1})
            server.crash()
            server.start()
            transaction.count("s", {"rows": 1})

    with PostgreSQLStore(address, timeout=30.0) as opened:
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            interrupted()
        assert opened.counters("s") == {}
        add(opened)
        assert opened.counters("s") == {"rows": 1}


def test_a_server_that_is_away_is_named_without_the_password(server: PostgreSQLServer, address: str) -> None:
    with PostgreSQLStore(address, timeout=0.2) as store:
        server.stop()
        try:
            for attempt in (lambda: add(store), lambda: store.counters("s"), lambda: open_store(address)):
                with pytest.raises(StoreUnavailableError, match=f"driftwatch@127.0.0.1:{server.port}") as caught:
                    attempt()
                assert PASSWORD not in repr(caught.value)
                assert PASSWORD not in str(caught.value.__cause__)
        finally:
            server.start()
        add(store)


def test_a_wrong_password_is_told_and_not_shown(address: str) -> None:
    wrong = address.replace(PASSWORD, "0ther-word")
    with pytest.raises(StoreUnavailableError, match="password authentication failed") as caught:
        open_store(wrong)
    assert "0ther-word" not in str(caught.value) + str(caught.value.__cause__)


@pytest.mark.parametrize(
    "address", [f"postgresql://u:{PASSWORD}%zz@host/db", f"postgresql://u:{PASSWORD}@host/db?nothing=1"]
)
def test_an_address_that_cannot_be_read_is_not_shown(address: str) -> None:
    with pytest.raises(ConfigError, match="`address`") as caught:
        PostgreSQLStore(address)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("schema", ["a b", 'x"; DROP SCHEMA public; --', "pg_mine", "1a", "a" * 64])
def test_a_schema_is_a_plain_name(address: str, schema: str) -> None:
    with pytest.raises(ConfigError, match="`schema`"):
        PostgreSQLStore(address, schema=schema)


def test_a_timeout_is_positive(address: str) -> None:
    with pytest.raises(ConfigError, match="`timeout`"):
        PostgreSQLStore(address, timeout=0)


def test_a_newer_version_is_refused(store: PostgreSQLStore, address: str) -> None:
    with plain(store, address) as connection:
        connection.execute("UPDATE store_version SET version = 99")
    with pytest.raises(StoreError, match="version 99"):
        open_store(address)


def test_an_older_version_is_brought_up_to_date_with_what_it_held(store: PostgreSQLStore, address: str) -> None:
    add(store)
    with plain(store, address) as connection:
        connection.execute("DROP TABLE lease, note, letter, baseline")
        connection.execute("UPDATE store_version SET version = 1")
    with open_store(address) as again:
        assert again.counters("s") == {"rows": 1}
        assert again.letters() == []
        with plain(store, address) as connection:
            assert connection.execute("SELECT version FROM store_version").fetchall() == [(VERSION,)]


def test_tables_of_another_program_are_left_alone(server: PostgreSQLServer) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE SCHEMA taken")
        connection.execute("CREATE TABLE taken.run (id integer)")
    with pytest.raises(StoreError, match="another program"):
        PostgreSQLStore(server.url, schema="taken")


def test_a_schema_that_an_administrator_made_is_enough_and_none_is_told(server: PostgreSQLServer) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute(f"CREATE ROLE watcher LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("CREATE SCHEMA granted AUTHORIZATION watcher")
    address = server.url.replace("driftwatch:", "watcher:")
    with PostgreSQLStore(address, schema="granted") as store:
        add(store)
    with pytest.raises(StoreError, match="administrator"):
        PostgreSQLStore(address, schema="refused")


def test_a_server_that_may_only_be_read_is_named(store: PostgreSQLStore, address: str) -> None:
    with plain(store, address) as connection:
        connection.execute("ALTER ROLE driftwatch SET default_transaction_read_only = on")
        try:
            with pytest.raises(StoreUnavailableError, match="read-only"):
                open_store(address)
        finally:
            connection.execute("ALTER ROLE driftwatch RESET default_transaction_read_only")


def test_a_thread_has_one_transaction_at_a_time(store: PostgreSQLStore) -> None:
    with store.transaction(), pytest.raises(StoreError, match="End it first"), store.transaction():
        pass


def test_settings_end_with_the_transaction_as_poolers_want_it(store: PostgreSQLStore) -> None:
    add(store)
    store.counters("s")
    connection = store._connections.get()
    wanted = ("search_path", "lock_timeout", "idle_in_transaction_session_timeout")
    kept = {name: connection.execute(f"SHOW {name}").fetchone() for name in wanted}
    assert kept == {
        "search_path": ('"$user", public',),
        "lock_timeout": ("0",),
        "idle_in_transaction_session_timeout": ("0",),
    }


def test_a_host_that_falls_silent_inside_of_a_transaction_gives_the_lock_back(
    store: PostgreSQLStore, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent() -> None:
        with other.transaction() as transaction:
            transaction.count("s", {"rows": 1})
            add(store)  # waits until the other's time is over
            transaction.count("s", {"rows": 1})

    monkeypatch.setattr("driftwatch.store.postgresql.MAX_SILENCE", 1)
    with PostgreSQLStore(address) as other:
        with pytest.raises(StoreUnavailableError):
            silent()
        assert store.counters("s") == {"rows": 1}


def test_values_that_look_like_statements_stay_values(store: PostgreSQLStore) -> None:
    name = "a?b%s'; DROP TABLE run; -- %(x)s"
    with store.transaction() as transaction:
        transaction.register(name, "?")
        transaction.put_note("?", name, "%")
    assert store.streams() == [name]
    assert store.notes("?") == {name: "%"}


def test_closed_connections_are_closed_on_the_server(store: PostgreSQLStore, server: PostgreSQLServer) -> None:
    threads = [threading.Thread(target=add, args=(store,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    until = time.monotonic() + 20
    with psycopg.connect(server.url, autocommit=True) as connection:
        while True:
            (n,) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'driftwatch'"
            ).fetchone() or (None,)
            if n == 0:
                break
            assert time.monotonic() < until
            time.sleep(0.02)
    assert store.counters("s") == {"rows": 3}


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        ("53100", StoreError, "no space left"),
        ("25006", StoreError, "may only be read"),
        ("42501", StoreError, "administrator"),
        ("40P01", StoreLockedError, "lock"),
        ("53300", StoreUnavailableError, "cannot be reached"),
        ("57P01", StoreUnavailableError, "cannot be reached"),
        ("XX001", StoreError, "cannot be used"),
    ],
)
def test_what_the_server_refuses_is_told_in_our_words_and_not_stored(
    store: PostgreSQLStore, address: str, code: str, error: type[StoreError], said: str
) -> None:
    add(store)
    with plain(store, address) as connection:
        connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'as asked for' USING ERRCODE = '{code}'; END $$"
        )
        connection.execute("CREATE TRIGGER refuse BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION refuse()")

    def write() -> None:
        with store.transaction() as transaction:
            transaction.count("s", {"rows": 1})
            transaction.put_note("a", "b", "c")

    with pytest.raises(error, match=said) as caught:
        write()
    assert type(caught.value) is error
    assert store.counters("s") == {"rows": 1}
    add(store)


def test_a_schema_that_was_dropped_is_told(store: PostgreSQLStore, address: str) -> None:
    with plain(store, address) as connection:
        connection.execute(f"DROP SCHEMA {store.schema} CASCADE")
    with pytest.raises(StoreError, match="does not exist"):
        add(store)
    with open_store(address) as again:  # and is made again by the next start
        assert again.counters("s") == {}


@pytest.mark.parametrize(("value", "said"), [("\x00", "NUL"), (2**63, "bigint out of range")])
def test_a_value_that_postgresql_cannot_hold_is_the_callers_mistake(
    store: PostgreSQLStore, value: object, said: str
) -> None:
    def write() -> None:
        with store.transaction() as transaction:
            transaction.put_note("a", "b", "c")
            if isinstance(value, str):
                transaction.put_note("a", "b", value)
            transaction.count("s", {"rows": value})  # type: ignore[dict-item]

    with pytest.raises(InputError, match=said):
        write()
    assert store.notes("a") == {}
    add(store)


def test_an_error_that_was_caught_inside_does_not_lose_the_rest_without_a_word(store: PostgreSQLStore) -> None:
    def write() -> None:
        with store.transaction() as transaction:
            transaction.put_note("a", "b", "c")
            with suppress(psycopg.Error):
                transaction.count("s", {"rows": 2**63})

    with pytest.raises(StoreError, match="nothing was stored"):
        write()
    assert store.notes("a") == {}


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_connects_by_itself_and_leaves_the_parent_its_session(store: PostgreSQLStore) -> None:
    add(store)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            add(store)
            store.close()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    session = store._connections.get()
    add(store)
    assert store._connections.get() is session
    assert store.counters("s") == {"rows": 3}


def test_metrics_are_those_of_the_same_state_in_a_file(store: PostgreSQLStore, tmp_path: Path) -> None:
    with SQLiteStore(tmp_path / "driftwatch.db") as other:
        pages = []
        for each in (store, other):
            fill(each)
            add_check(each, "hostile", hostile_report())
            pages.append(render_metrics(each))
    assert pages[0] == pages[1]


def test_names_are_in_the_order_of_python_whatever_the_language_of_the_database(server: PostgreSQLServer) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE english TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'")
    names = ["a", "B", "_", "\N{LATIN SMALL LETTER E WITH ACUTE}", "z", "Z"]
    with PostgreSQLStore(server.url.replace("/postgres", "/english")) as store:
        with store.transaction() as transaction:
            for name in names:
                transaction.put_note("x", name, "")
                transaction.put_window_part("s", WindowKey(0, 1), name, name.encode(), n_rows=1)
            assert [part.decode() for part in transaction.window_parts("s", WindowKey(0, 1))] == sorted(names)
        assert list(store.notes("x")) == sorted(names)

"""One POST to a receiver that answers well, badly, slowly, or from an address that it should not have."""

from __future__ import annotations

import contextlib
import socket
import time
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from driftwatch.alerting._addresses import is_public
from driftwatch.alerting._answers import MAX_ANSWER, MAX_WAIT, retry_after
from driftwatch.alerting._http import Endpoint, split_url
from driftwatch.alerting.secrets import Secret
from driftwatch.errors import ConfigError, DeliveryError
from http_receiver import Receiver, running_receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/services/T0SECRET/B0SECRET/abcdef123456?key=querysecret"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


def endpoint(receiver: Receiver, **options: Any) -> Endpoint:
    return Endpoint(Secret(receiver.url + PATH), **options)


def refused(posted: Endpoint) -> DeliveryError:
    with pytest.raises(DeliveryError) as error:
        posted.post(b"{}", {"Authorization": "Bearer tokensecret"})
    whole = "".join(traceback.format_exception(error.value))
    assert "SECRET" not in whole
    assert "secret" not in whole.replace("tests/alerting", "").replace('tokensecret"})', "")
    return error.value


def test_a_message_arrives_whole(receiver: Receiver) -> None:
    answer = endpoint(receiver).post(b'{"a":1}', {"Content-Type": "application/json"})
    assert (answer.status, answer.body, answer.complete) == (200, b"ok", True)
    (got,) = receiver.received
    assert (got.path, got.body) == (PATH, b'{"a":1}')
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"].startswith("driftwatch/")
    assert "authorization" not in got.headers


def test_a_path_is_put_below_that_of_the_url(receiver: Receiver) -> None:
    Endpoint(Secret(receiver.url + "/prefix/")).at("/api/v2/alerts").post(b"[]", {})
    Endpoint(Secret(receiver.url)).at("/api/v2/alerts").post(b"[]", {})
    assert [got.path for got in receiver.received] == ["/prefix/api/v2/alerts", "/api/v2/alerts"]


def test_a_password_of_the_url_becomes_basic_authentication(receiver: Receiver) -> None:
    url = receiver.url.replace("://", "://ops:p%40ss@")
    Endpoint(Secret(url)).post(b"", {})
    (got,) = receiver.received
    assert got.headers["authorization"] == "Basic b3BzOnBAc3M="  # of `ops:p@ss`, by coreutils' base64
    assert "@" not in got.headers["host"]


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "wait"),
    [
        (429, {"Retry-After": "7"}, False, 7.0),
        (503, {"Retry-After": "2"}, False, 2.0),
        (503, {"Retry-After": "soon"}, False, None),
        (500, {}, False, None),
        (408, {}, False, None),
        (400, {}, True, None),
        (401, {}, True, None),
        (404, {}, True, None),
        (410, {}, True, None),
    ],
)
def test_the_status_says_whether_to_try_again(
    receiver: Receiver, status: int, headers: dict[str, str], permanent: bool, wait: float | None
) -> None:
    receiver.answers = [(status, headers, b"invalid_blocks")]
    error = refused(endpoint(receiver))
    assert (error.permanent, error.retry_after) == (permanent, wait)
    assert str(status) in str(error)
    assert "invalid_blocks" in str(error)
    assert len(receiver.received) == 1


def test_a_status_that_is_asked_for_is_returned(receiver: Receiver) -> None:
    receiver.answers = [(409, {}, b"")]
    assert endpoint(receiver).post(b"", {}, accept=(409,)).status == 409


def test_a_date_says_how_long_to_wait(receiver: Receiver) -> None:
    then = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 100))
    receiver.answers = [(429, {"Retry-After": then}, b"")]
    wait = refused(endpoint(receiver)).retry_after
    assert wait is not None
    assert 60 < wait <= 100  # the machine may be busy for a while


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("-5", None),
        ("1e9", None),
        ("999999999", MAX_WAIT),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
    ],
)
def test_what_a_receiver_asks_for_is_bounded(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, now=1000.0) == seconds


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304])
def test_a_redirect_to_a_private_address_is_not_followed(receiver: Receiver, status: int) -> None:
    with running_receiver() as inner:
        receiver.answers = [(status, {"Location": inner.url + "/latest/meta-data"}, b"")]
        error = refused(endpoint(receiver))
        assert error.permanent
        assert "redirects are not followed" in str(error)
        assert inner.received == []


def test_a_receiver_that_hangs_up_is_tried_again(receiver: Receiver) -> None:
    receiver.answers = [receiver.hang_up]
    assert not refused(endpoint(receiver)).permanent


def test_a_success_counts_though_its_body_is_cut(receiver: Receiver) -> None:
    receiver.answers = [receiver.close_within(200)]
    assert not endpoint(receiver).post(b"{}", {}).complete


def test_a_failure_counts_though_its_body_is_cut(receiver: Receiver) -> None:
    receiver.answers = [receiver.close_within(503)]
    assert not refused(endpoint(receiver)).permanent


@pytest.mark.parametrize("how", ["stall", "trickle"])
def test_a_receiver_that_stalls_does_not_hold_the_thread(receiver: Receiver, how: str) -> None:
    receiver.answers = [getattr(receiver, how)]
    began = time.monotonic()
    error = refused(endpoint(receiver, timeout=0.4))
    assert time.monotonic() - began < 10  # far below the twenty seconds of the receiver, on a busy machine
    assert not error.permanent
    assert "too long" in str(error)


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\xff garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 999999 odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 200_000,
        b"",
    ],
)
def test_what_is_no_answer_is_tried_again(receiver: Receiver, said: bytes) -> None:
    receiver.answers = [lambda handler: handler.wfile.write(said)]
    assert not refused(endpoint(receiver)).permanent


@pytest.mark.parametrize(
    "said",
    [
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\nbroken",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"Content-Length: -5\r\n\r\nabc",
        b"Content-Length: many\r\n\r\nabc",
    ],
)
def test_a_success_with_a_broken_body_is_one(receiver: Receiver, said: bytes) -> None:
    receiver.answers = [lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + said)]
    assert endpoint(receiver).post(b"", {}).status == 200


def test_informational_answers_without_end_do_not_hold_the_thread(receiver: Receiver) -> None:
    def chatter(handler: Any) -> None:
        with contextlib.suppress(OSError):
            while not receiver.stopping.wait(0.001):
                handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    receiver.answers = [chatter]
    assert "too long" in str(refused(endpoint(receiver, timeout=0.4)))


def test_an_endless_answer_is_cut(receiver: Receiver) -> None:
    receiver.answers = [(200, {}, b"x" * (4 * MAX_ANSWER))]
    assert len(endpoint(receiver).post(b"", {}).body) == MAX_ANSWER


def test_nobody_who_listens_is_tried_again() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/abcdef123456SECRET"
    error = refused(Endpoint(Secret(url)))
    assert not error.permanent
    assert "127.0.0.1 (url " in str(error)


def test_an_error_page_that_repeats_the_path_does_not_give_it_away(receiver: Receiver) -> None:
    receiver.answers = [(404, {}, b"Cannot POST " + PATH.encode() + b" with Bearer tokensecret")]
    assert "Cannot POST" in str(refused(endpoint(receiver)))


def test_a_header_that_cannot_be_sent_is_not_repeated(receiver: Receiver) -> None:
    with pytest.raises(DeliveryError) as error:
        endpoint(receiver).post(b"", {"Authorization": "Bearer tok\r\nensecret"})
    assert "ensecret" not in str(error.value)
    assert error.value.__suppress_context__  # which says what the header was
    assert error.value.__cause__ is None
    assert receiver.received == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://secret.example/",
        "file:///etc/secret",
        "https://",
        "https:///secret",
        "http://a b/secret",
        "//secret",
        "http://host/secret\r\nX: y",
        "http://host:99999/secret",
        "http://host:x/secret",
        "http://[::1/secret",
        "http://host/\u00e9secret",
    ],
)
def test_what_is_no_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="a receiver's URL must begin") as error:
        split_url(url)
    assert "secret" not in "".join(traceback.format_exception_only(error.value)).replace("may hold a secret", "")


# Each with the block that it is of: IANA's registries of special-purpose addresses are the source.
PRIVATE = {
    "127.0.0.1": "loopback",
    "127.8.9.1": "loopback",
    "0.0.0.0": "this host",
    "10.1.2.3": "private",
    "172.16.0.1": "private",
    "192.168.1.1": "private",
    "169.254.169.254": "link-local, where clouds answer with credentials",
    "100.64.0.1": "shared by a carrier",
    "192.0.2.1": "documentation",
    "198.18.0.1": "benchmarks",
    "224.0.0.1": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::ffff:127.0.0.1": "IPv4 in IPv6",
    "::ffff:169.254.169.254": "IPv4 in IPv6",
    "::ffff:a00:1": "IPv4 in IPv6",
    "::127.0.0.1": "IPv4 in IPv6, as it was",
    "64:ff9b::a00:1": "NAT64 of 10.0.0.1",
    "64:ff9b:1::a00:1": "NAT64 of a network of its own",
    "2002:7f00:1::": "6to4 of 127.0.0.1",
    "2001:0:7f00:1::": "Teredo",
    "fc00::1": "unique local",
    "fd12:3456::1": "unique local",
    "fe80::1": "link-local",
    "fe80::1%lo": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "2001:db8::1": "documentation",
    "100::1": "discard",
    "4000::1": "reserved",
}


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_internet_is_private(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [address for address in PRIVATE if "%" not in address])
def test_private_addresses_are_refused_on_request(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    def resolve(_: str, port: int, **__: object) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    error = refused(Endpoint(Secret("http://hooks.example/abc"), block_private=True, resolve=resolve))
    assert error.permanent
    assert "`block_private`" in str(error)


def test_a_literal_private_address_is_refused_on_request(receiver: Receiver) -> None:
    assert refused(endpoint(receiver, block_private=True)).permanent
    assert receiver.received == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost", "[::1]"])
def test_other_spellings_of_loopback_are_refused_on_request(receiver: Receiver, host: str) -> None:
    tried = Endpoint(Secret(f"http://{host}:{receiver.port}/"), block_private=True)
    # some systems do not know a spelling: then there is nothing to connect to
    with pytest.raises(DeliveryError, match=r"no public address|could not be reached"):
        tried.post(b"", {})
    assert receiver.received == []


def test_a_name_that_changes_its_address_is_asked_once(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]  # rebinding: public when it is checked, loopback when it is used
    asked = []

    def resolve(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in answers.pop(0)]

    connected_to = []

    def connect(_: socket.socket, address: tuple[str, int]) -> None:
        connected_to.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", connect)
    url = f"http://rebind.example:{receiver.port}/"
    error = refused(Endpoint(Secret(url), block_private=True, resolve=resolve))
    assert not error.permanent
    assert asked == ["rebind.example"]
    assert connected_to == [("93.184.215.14", receiver.port)]


def test_only_the_public_ones_of_several_addresses_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    ips = ["10.0.0.1", "93.184.215.14", "127.0.0.1", "8.8.8.8"]
    tried = []

    def connect(_: socket.socket, address: tuple[str, int]) -> None:
        tried.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket.socket, "connect", connect)
    with contextlib.suppress(DeliveryError):
        Endpoint(
            Secret("http://mixed.example/"),
            block_private=True,
            resolve=lambda _, port, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips],
        ).post(b"", {})
    assert tried == ["93.184.215.14", "8.8.8.8"]


def test_the_name_is_kept_though_the_address_is_pinned(receiver: Receiver) -> None:
    def resolve(host: str, port: int, **_: object) -> list[Any]:
        assert host == "hooks.example"
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1)),  # nobody there: the next one is tried
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    Endpoint(Secret(f"http://hooks.example:{receiver.port}/x"), resolve=resolve).post(b"", {})
    assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"


def test_the_usual_port_is_no_part_of_the_name(receiver: Receiver) -> None:
    def resolve(_: str, port: int, **__: object) -> list[Any]:
        assert port == 80
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]

    Endpoint(Secret("http://hooks.example/x"), resolve=resolve).post(b"", {})
    assert receiver.received[0].headers["host"] == "hooks.example"


def test_a_proxy_is_gone_through_on_request(receiver: Receiver) -> None:
    proxy = Secret(receiver.url.replace("://", "://dw:hunter2@"))
    Endpoint(Secret("http://ops:s3cret@hooks.example/x?y=1"), proxy=proxy).post(b"{}", {})
    (got,) = receiver.received
    assert got.path == "http://hooks.example/x?y=1"
    assert got.headers["host"] == "hooks.example"
    assert got.headers["proxy-authorization"] == "Basic ZHc6aHVudGVyMg=="  # of `dw:hunter2`, by coreutils' base64
    assert got.headers["authorization"] == "Basic b3BzOnMzY3JldA=="  # of `ops:s3cret`


@pytest.mark.parametrize(("status", "permanent"), [(407, True), (403, True), (502, False)])
def test_a_proxy_that_does_not_connect_is_named(receiver: Receiver, status: int, permanent: bool) -> None:
    receiver.answers = [(status, {}, b"")]
    proxy = Secret(receiver.url.replace("://", "://dw:hunter2@"))
    with pytest.raises(DeliveryError, match=f"the proxy 127.0.0.1 answered {status}") as error:
        Endpoint(Secret("https://hooks.example/abcdef123456"), proxy=proxy).post(b"{}", {})
    assert error.value.permanent is permanent
    assert "hunter2" not in str(error.value)
    assert [got.path for got in receiver.received] == ["CONNECT hooks.example:443"]


def test_a_proxy_cannot_be_kept_to_public_addresses() -> None:
    with pytest.raises(ConfigError, match="exclude each other"):
        Endpoint(Secret("http://hooks.example/"), proxy=Secret("http://proxy:3128"), block_private=True)


@pytest.mark.parametrize(("proxy", "said"), [("https://proxy:3128", "an http:// URL"), ("proxy:3128", "must begin")])
def test_what_is_no_proxy_is_refused(proxy: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Endpoint(Secret("http://hooks.example/"), proxy=Secret(proxy)).post(b"", {})


def test_a_name_without_an_address_is_tried_again() -> None:
    def resolve(*_: object, **__: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    error = refused(Endpoint(Secret("http://hooks.example/"), resolve=resolve))
    assert not error.permanent
    assert "Temporary failure" in str(error)

"""Secrets are read when they are used and shown nowhere."""

from __future__ import annotations

import logging
import pickle
import traceback
from typing import TYPE_CHECKING

import pytest

from driftwatch.alerting.secrets import MAX_BYTES, Secret
from driftwatch.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

VALUE = "hunter2-hunter2"


def test_a_secret_is_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(VALUE)
    with caplog.at_level(logging.INFO):
        logging.getLogger("driftwatch.test").info("%s %r %s", secret, secret, {"url": secret})
    shown = f"{secret} {secret!r} {[secret]} {vars(type(secret)).keys()}" + caplog.text
    assert VALUE not in shown
    assert "***" in caplog.text
    assert secret.reveal() == VALUE


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret(VALUE))


def test_a_secret_of_code_is_taken_as_it_is() -> None:
    assert Secret("a${B}c").reveal() == "a${B}c"
    assert Secret.of(secret := Secret(VALUE)) is secret
    assert Secret.of(VALUE).reveal() == VALUE


def test_a_reference_is_read_on_each_use(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret.from_text("https://host/${DW_A}/${DW_B}")
    monkeypatch.setenv("DW_A", "1")
    monkeypatch.setenv("DW_B", "two")
    assert secret.reveal() == "https://host/1/two"
    monkeypatch.setenv("DW_B", "three")
    assert secret.reveal() == "https://host/1/three"


def test_a_value_that_looks_like_a_reference_is_not_filled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DW_A", "${DW_B}")
    assert Secret.from_text("${DW_A}").reveal() == "${DW_B}"


def test_a_file_is_read_on_each_use(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    secret = Secret.from_file(file)
    file.write_text("old\n")
    assert secret.reveal() == "old"
    file.write_text("new\r\n")
    assert secret.reveal() == "new"


def test_text_that_refers_to_nothing_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match=r"\$\{NAME\}") as refused:
        Secret.from_text(VALUE)
    assert VALUE not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("value", ["", "  ", b"hunter2", 7, None])
def test_a_secret_is_text_that_is_not_empty(value: object) -> None:
    with pytest.raises(ConfigError, match="a secret must be text") as refused:
        Secret(value)  # type: ignore[arg-type]
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv("DW_A", raising=False)
    else:
        monkeypatch.setenv("DW_A", value)
    with pytest.raises(ConfigError, match="'DW_A', which is not set"):
        Secret.from_text("${DW_A}").reveal()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file"),
        (b" \n", "holds nothing"),
        (b"\xff" * 9, "not UTF-8"),
        (b"x" * (MAX_BYTES + 1), "more than"),
    ],
)
def test_a_file_without_a_secret_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as refused:
        Secret.from_file(file).reveal()
    assert "secret" in str(refused.value)
    assert "xx" not in str(refused.value)

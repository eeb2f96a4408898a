"""Trainings started by a program of this machine (layer 5)."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

from driftwatch._checks import is_amount, is_text
from driftwatch.alerting.wording import one_line
from driftwatch.errors import ConfigError, DeliveryError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from driftwatch.alerting.retraining.request import RetrainRequest

__all__ = ["CommandTarget"]

TRY_AGAIN = os.EX_TEMPFAIL  # 75, of sysexits.h: "temporary failure; user is invited to retry"
MAX_SHOWN = 300  # characters of the end of what a command wrote
LAST_BYTES = 4096


class CommandTarget:
    """Runs a program, without a shell: the request comes on its standard input as JSON, and in environment variables.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments, which are passed on as they are.
    timeout : float
        Seconds after which it is killed, with the processes that it started. It should only start a training, and return.
    cwd : str or Path, optional
        The folder that it runs in.

    Notes
    -----
    The variables are `DRIFTWATCH_RETRAIN_ID`, `DRIFTWATCH_RETRAIN_MODEL`, `DRIFTWATCH_RETRAIN_STREAM` and
    `DRIFTWATCH_RETRAIN_RUN`. Status 0 is a success, and 75 (`EX_TEMPFAIL`) asks for another try; any other is a failure for good.
    """

    def __init__(self, command: Sequence[str], *, timeout: float = 60.0, cwd: str | Path | None = None) -> None:
        if isinstance(command, str) or not command or not all(isinstance(word, str) for word in command):
            raise ConfigError(f"`command` must be a list of the program and its arguments, got {command!r:.80}.")
        if not is_text(command[0]) or any("\0" in word for word in command):
            raise ConfigError(f"`command` must begin with a program, got {command!r:.80}.")
        if not is_amount(timeout) or not timeout:
            raise ConfigError(f"`timeout` must be a positive number of seconds, got {timeout!r}.")
        self._command, self._timeout, self._cwd = list(command), float(timeout), cwd

    def start(self, request: RetrainRequest) -> None:
        """Run the program and wait for it to return."""
        with tempfile.TemporaryFile() as written:
            try:
                process = subprocess.Popen(  # noqa: S603 - a list and no shell; nothing of it comes from data
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=written,
                    stderr=written,
                    env={**os.environ, **_variables(request)},
                    cwd=self._cwd,
                    start_new_session=True,
                )
            except OSError as error:
                raise self._error(f"cannot be run: {error.strerror or type(error).__name__}", permanent=True) from None
            try:
                process.communicate(request.to_json().encode(), timeout=self._timeout)
            except subprocess.TimeoutExpired:
                raise self._error(f"took more than {self._timeout:g} seconds and was killed") from None
            finally:
                _end(process)
            if process.returncode:
                said = _end_of(written)
                raise self._error(
                    f"ended with status {process.returncode}" + (f": {said}" if said else ""),
                    permanent=process.returncode != TRY_AGAIN,
                )

    def _error(self, said: str, *, permanent: bool = False) -> DeliveryError:
        return DeliveryError(f"the command {one_line(self._command[0], 80)!r} {said}.", permanent=permanent)


def _variables(request: RetrainRequest) -> dict[str, str]:
    texts = {"ID": request.id, "MODEL": request.model, "STREAM": request.stream, "RUN": str(request.run_id)}
    return {f"DRIFTWATCH_RETRAIN_{name}": one_line(text, 200) for name, text in texts.items()}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process, with what it started, if it has not returned."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _end_of(written: Any) -> str:
    size = written.seek(0, os.SEEK_END)
    written.seek(max(0, size - LAST_BYTES))
    text = " ".join(written.read().decode("utf-8", "replace").split())
    return one_line(text[-MAX_SHOWN:], MAX_SHOWN)

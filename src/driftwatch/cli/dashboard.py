"""`driftwatch dashboard` (layer 5): the dashboard of a store, served until a signal comes."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftwatch.cli.exitcodes import ExitCode
from driftwatch.cli.signals import stopped_by_signals
from driftwatch.cli.stores import existing_store, whole_number
from driftwatch.cli.streams import note
from driftwatch.errors import ConfigError, DriftwatchError, InputError, MissingExtraError

if TYPE_CHECKING:
    from driftwatch.dashboard.app import Dashboard

__all__ = ["run_dashboard"]

TOKEN = "DRIFTWATCH_DASHBOARD_TOKEN"  # noqa: S105 - the name of a variable
LAST_WORDS = 5  # seconds for answers that are on their way when it ends
ANYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 - what is refused without a token


def run_dashboard(store: str, *, host: str, port: str, token_file: str | None, root_path: str, streamlit: bool) -> int:
    """Serve the dashboard of a store, and return the exit code.

    Parameters
    ----------
    store, host, port : str
    token_file : str, optional
        In place of the variable.
    root_path : str
        What a proxy takes off the paths.
    streamlit : bool
        Start the page of Streamlit in place of it.
    """
    number = whole_number("--port", port, least=0)
    if number > 65_535:
        raise ConfigError(f"`--port` must be at most 65535, got {number}.")
    if root_path and not root_path.startswith("/"):
        raise ConfigError(f"`--root-path` must begin with a slash, got {root_path!r}.")
    token = _token(token_file)
    if not _is_loopback(host) and (token is None or streamlit):
        remedy = (
            "Streamlit asks for no token: leave out --streamlit" if streamlit else f"Set {TOKEN} or give --token-file"
        )
        raise ConfigError(
            f"`--host` {host!r} is more than this machine, so everybody who reaches it could read the names and "
            f"distributions of your features. {remedy}, or listen on 127.0.0.1."
        )
    existing_store(store).close()  # a mistyped path is said now, and not by each page
    if streamlit:
        return _run_streamlit(store, host, number)
    return _serve(store, host, number, token, root_path)


def _token(file: str | None) -> str | None:
    if file is None:
        return os.environ.get(TOKEN) or None
    try:
        text = Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file of `--token-file`, {file!r}, cannot be read: {error}.") from error
    if not text:
        raise ConfigError(f"the file of `--token-file`, {file!r}, is empty. Write a token into it.")
    return text


def _is_loopback(host: str) -> bool:
    if host in ANYWHERE:
        return False
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _serve(store: str, host: str, port: int, token: str | None, root_path: str) -> int:
    try:
        import uvicorn
    except ModuleNotFoundError as error:
        if error.name != "uvicorn":
            raise
        raise MissingExtraError.for_feature("driftwatch dashboard", package="uvicorn", extra="dashboard") from error
    from driftwatch.dashboard import dashboard

    # without a token the name is what tells a browser of this machine from one that was led here
    names = {"127.0.0.1", "localhost", "[::1]", _shown(host)} if token is None else None
    app: Any = dashboard(store, token=token, hosts=names)

    class Server(uvicorn.Server):  # type: ignore[misc,unused-ignore]
        def handle_exit(self, sig: int, frame: Any) -> None:
            _end_events(app)  # they would go on for as long as clients listen
            super().handle_exit(sig, frame)

    with _listening(host, port) as listener:
        config = uvicorn.Config(
            app,
            root_path=root_path.rstrip("/"),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=LAST_WORDS,
        )
        server = Server(config)
        where = f"http://{_shown(host)}:{listener.getsockname()[1]}{root_path.rstrip('/')}/"
        # uvicorn ends first, and then gives the signal to whoever was asked before
        with stopped_by_signals(lambda: None) as came:
            note(f"the dashboard is at {where}; end with Ctrl-C or SIGTERM")
            server.run(sockets=[listener])
    return ExitCode.INTERRUPTED if signal.SIGINT in came else ExitCode.OK


def _end_events(app: Dashboard) -> None:
    app.events.close()


def _listening(host: str, port: int) -> socket.socket:
    bare = host.strip("[]")
    try:
        family = socket.AF_INET6 if ":" in bare else socket.AF_INET
        return socket.create_server((bare, port), family=family, backlog=2_048)
    except OSError as error:
        raise DriftwatchError(
            f"cannot listen on {_shown(host)}:{port}: {error.strerror or error}. Name another --port or --host."
        ) from error


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _run_streamlit(store: str, host: str, port: int) -> int:
    if find_spec("streamlit") is None:
        raise MissingExtraError.for_feature("--streamlit", package="streamlit", extra="streamlit")
    spec = find_spec("driftwatch.dashboard.streamlit_app")
    assert spec is not None
    assert spec.origin is not None
    settings = {
        "server.address": host.strip("[]"),
        "server.port": str(port),
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
    }
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    address = os.path.abspath(store) if "://" not in store else store  # noqa: PTH100 - a path that need not be one
    command = [sys.executable, "-m", "streamlit", "run", spec.origin, *words, "--", "--store", address]
    with subprocess.Popen(command) as process, stopped_by_signals(process.terminate) as came:  # noqa: S603
        code = process.wait()
    if signal.SIGINT in came:
        return ExitCode.INTERRUPTED
    return ExitCode.OK if came or code == 0 else ExitCode.ERROR

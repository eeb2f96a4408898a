"""Virtual environments of the peers, one each because their pins conflict; kept in `.nox/peers` between runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".nox" / "peers"
# Nothing here runs on a GPU; a resolver that wants the libraries of one is told no, because they are gigabytes.
REFUSED = ("nvidia-cublas-cu12", "nvidia-cublas", "tensorflow")


@dataclass(frozen=True)
class Peer:
    """A library to compare with: what pip is to install, on which Python, and the script in `peers/` to run there."""

    name: str
    requirements: tuple[str, ...]
    script: str = ""
    python: str = "3.11"


PEERS = (
    Peer("alibi-detect", ("alibi-detect==0.13.0",), "with_alibi_detect.py"),
    Peer("evidently", ("evidently==0.7.23", "pandas<2.3"), "with_evidently.py"),
    Peer("nannyml", ("nannyml==0.13.1", "statsmodels"), "with_nannyml.py"),
    Peer("frouros", ("frouros==0.9.0",), "with_frouros.py"),
    Peer("river", ("river==0.26.1",), "with_river.py"),
)
ARRAY_LIBRARIES = Peer("array-libraries", ("-e", str(ROOT), "torch", "jax"))


class CannotInstallError(RuntimeError):
    """A peer's environment could not be made; the message is the last line of the reason."""


def interpreter(version: str) -> str:
    """Return a command that runs the wanted Python, found by name."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    command = shutil.which(f"python{version}")
    # a shim of a version manager is there even where it leads nowhere
    if command is None or subprocess.run([command, "--version"], check=False, capture_output=True).returncode:
        raise CannotInstallError(f"no python{version} on this machine")
    return command


def python_of(peer: Peer) -> str:
    """Return the interpreter of a peer's environment, made on first use."""
    folder = FOLDER / peer.name
    python, ready = folder / "bin" / "python", folder / "ready"
    wanted = "\n".join(peer.requirements)
    if ready.exists() and ready.read_text() == wanted:
        return str(python)
    shutil.rmtree(folder, ignore_errors=True)
    _run([interpreter(peer.python), "-m", "venv", str(folder)])
    refusals = folder / "constraints.txt"
    refusals.write_text("".join(f"{name}<0\n" for name in REFUSED))
    _run([str(python), "-m", "pip", "install", "--only-binary=:all:", "-c", str(refusals), *peer.requirements])
    ready.write_text(wanted)
    return str(python)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise CannotInstallError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])


if __name__ == "__main__":
    for peer in PEERS:
        try:
            print(peer.name, python_of(peer), flush=True)
        except CannotInstallError as error:
            print(f"{peer.name} cannot be installed: {error}", flush=True)

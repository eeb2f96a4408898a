"""The files of the page as text, and what a browser may run of them (layer 4)."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

__all__ = ["SCRIPTS", "STYLE", "asset", "policy"]

# In the order in which they build on each other. `start.js` reads what a file embeds: pages of a server do without it.
SCRIPTS = ("core.js", "charts.js", "list.js", "feature.js", "explanation.js", "app.js", "start.js")
STYLE = "style.css"


@cache
def asset(name: str) -> str:
    """Return one file of the page.

    Parameters
    ----------
    name : str
        Such as "style.css", or one of `SCRIPTS`.

    Examples
    --------
    >>> asset("core.js").startswith('"use strict"')
    True
    """
    return files("driftwatch.report.page").joinpath(name).read_text(encoding="utf-8")


def policy() -> str:
    """Return the Content-Security-Policy: these scripts and this sheet, by their hashes, and nothing from anywhere."""
    scripts = " ".join(_hash(asset(name)) for name in SCRIPTS)
    style = _hash(asset(STYLE))
    return f"default-src 'none'; script-src {scripts}; style-src {style}; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"

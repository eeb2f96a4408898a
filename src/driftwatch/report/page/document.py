"""One HTML file with everything in it (layer 4): no network, no raw rows, nothing that a name could run."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html import escape
from typing import TYPE_CHECKING, Any

from driftwatch.report.page.assets import SCRIPTS, STYLE, asset, policy
from driftwatch.report.page.payload import payload
from driftwatch.report.render_html import ranked_table
from driftwatch.report.wording import verdict_line

if TYPE_CHECKING:
    from driftwatch.report.history import History
    from driftwatch.report.model import DriftReport

__all__ = ["document"]

PLAIN_ROWS = 50  # of the table for readers without scripts
LEVEL = 6  # of compression: 9 takes three times as long for two per cent
GZIP = 16 + zlib.MAX_WBITS  # a gzip header without a time: the same report gives the same bytes
PLACEHOLDER = re.compile(r"{{(\w+)}}")


def document(report: DriftReport, *, history: History | None = None, limit: int | None = None) -> str:
    """Return the page of a report, as the text of one self-contained HTML file in UTF-8.

    Parameters
    ----------
    report : DriftReport
    history : History, optional
        Checks of the same features over time, which the page draws too.
    limit : int, optional
        Features to show, the highest ranked; all by default.
    """
    parts = payload(report, history=history, limit=limit)
    data = parts.pop("report")
    values = {
        "policy": policy(),
        "version": escape(report.driftwatch_version),
        "verdict": escape(verdict_line(report)),
        "tone": report.verdict.value,
        "style": asset(STYLE),
        "plain": ranked_table(report, PLAIN_ROWS),
        "report": _packed(data),
        "more": _packed(parts),
        "scripts": "\n".join(f"<script>{asset(name)}</script>" for name in SCRIPTS),
    }
    # in one pass: what a name brings in is not looked at again
    return PLACEHOLDER.sub(lambda found: values[found[1]], asset("page.html"))


def _packed(data: Any) -> str:
    text = json.dumps(data, allow_nan=False, ensure_ascii=True, separators=(",", ":")).encode()
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    return base64.b64encode(packer.compress(text) + packer.flush()).decode()

"""The report as one HTML file (layer 4): what it embeds, the scripts and the sheet that show it, and the words."""

from __future__ import annotations

from driftwatch.report.page.assets import SCRIPTS, asset
from driftwatch.report.page.document import document
from driftwatch.report.page.payload import payload

__all__ = ["SCRIPTS", "asset", "document", "payload"]

"""A step of the build: the README as a package index shows it, where links to files of the repository lead nowhere."""

from __future__ import annotations

import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

RELATIVE_LINK = re.compile(r"!?\[([^\]\n]+)\]\((?![a-z][a-z+.-]*:)[^)\s]+\)")


class ReadmeHook(MetadataHookInterface):
    """Fills in `readme`: README.md, with relative links and pictures turned into their text."""

    def update(self, metadata: dict[str, object]) -> None:
        """Set the key that pyproject.toml calls dynamic."""
        text = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": RELATIVE_LINK.sub(r"\1", text)}

"""The frozen reference, and current data aligned to it (layer 3)."""

"""Write `river_alarms.json`: where river raises alarms on the streams of `online_streams.py`.

Run with river installed: `PYTHONPATH=tests python tests/sequential/data/river_alarms.py`. The stored file is of 0.26.1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from online_streams import SETTINGS, errors, numbers


def _alarms(detector: Any, stream: list[float]) -> list[int]:
    found = []
    for i, value in enumerate(stream):
        detector.update(value)
        if detector.drift_detected:
            found.append(i)
    return found


def main() -> None:
    import river
    from river import drift

    detectors = {"PageHinkley": drift.PageHinkley, "ADWIN": drift.ADWIN, "DDM": drift.binary.DDM}
    found: dict[str, Any] = {"river": river.__version__}
    for name, settings in SETTINGS.items():
        streams = (errors() if name == "DDM" else numbers()).T.tolist()
        found[name] = [[_alarms(detectors[name](**chosen), stream) for stream in streams] for chosen in settings]
    Path(__file__).with_suffix(".json").write_text(json.dumps(found) + "\n", "utf-8")


if __name__ == "__main__":
    main()

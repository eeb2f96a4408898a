"""What counting into a window takes, beside a check of the same rows in memory."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from measure import Figure, medians
from ratios import samples

from driftwatch import Monitor, Profile, Window, warmup

if TYPE_CHECKING:
    from collections.abc import Iterator

N, D, SHIFT = 100_000, 100, 0.02
GROUP = "update"
CHECK = "Monitor.check"
FLOOR = 5.0  # where nothing but counts in deciles is asked for


def run() -> Iterator[Figure]:
    """All figures, of arrays that lie by row and by column."""
    warmup()
    for order in ("C", "F"):
        reference, current = (np.asarray(x, order=order) for x in samples(N, D, "float32", SHIFT))
        for name, n_points, floor in (("deciles", 0, FLOOR), ("1,024 points and sums", 1024, None)):
            profile = Profile.fit(reference, n_points=n_points)
            window = Window(profile).update(current)  # the profile's points are settled by the first window
            works = {"driftwatch": partial(window.update, current), CHECK: partial(Monitor(reference).check, current)}
            times = medians(works)
            value = times[CHECK] / times["driftwatch"]
            yield Figure(f"{name}, {order} order", value, "x", floor=floor, group=GROUP, times=times)


if __name__ == "__main__":
    for figure in run():
        print(figure.line(), flush=True)

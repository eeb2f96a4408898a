# %% [markdown]
# # A year of flights, month by month
#
# One check says that July differs from January. A year of them says more: what comes back, what stays, what was one storm. The
# data are 32,500 of the flights that left New York City in 2013, drawn at random from each month.

# %%
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from driftwatch import Monitor

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()
flights = parquet.read_table(HERE.parent / "data" / "flights_2013.parquet")
FEATURES = [name for name in flights.column_names if name != "at"]

in_january = np.flatnonzero(pc.month(flights["at"]).to_numpy() == 1)
chosen = np.zeros(flights.num_rows, dtype=bool)
chosen[np.random.default_rng(0).choice(in_january, size=2_500, replace=False)] = True
reference, rest = flights.filter(pa.array(chosen)), flights.filter(pa.array(~chosen))
print(f"{reference.num_rows:,} flights of January are the reference, {rest.num_rows:,} are left for the year")

# %% [markdown]
# Only half of January's flights are the reference. The other half is the first window of the year: a control, in which nothing drifted.

# %%
monitor = Monitor(reference, features=FEATURES, confidence=0.95)
history = monitor.over_time(rest, timestamp="at", every="1mo", keep_reports=True)
print(history.summary())
for window in history.windows:
    print(f"{window.start[:7]}  {window.verdict.value:8}  {', '.join(window.drifted)}")

# %% tags=["claims"]
drifted = {window.start[5:7]: set(window.drifted) for window in history.windows}
assert not drifted["01"]
assert drifted["02"] == {"dep_delay"}
assert all(drifted[month] for month in drifted if month > "02")
assert "dest" in set.intersection(*(drifted[f"{month:02}"] for month in range(5, 13)))
assert all(not {"hour", "carrier", "origin"} & names for names in drifted.values())
assert [month for month, names in drifted.items() if "distance" in names] == ["12"]

# %%
# Picture: Effects of the delays, the air time, the destination and the hour over twelve months
history.plot("effect", features=["arr_delay", "dep_delay", "air_time", "dest", "hour"]).figure

# %% [markdown]
# The control is quiet, and every other month drifted: a monitor with January as its reference would have been red for the rest of the year.
# What it says is worth reading all the same:
#
# - `hour`, `carrier` and `origin` never drift. The schedule of the day, the airlines and the airports stand still.
# - `dest` drifts from May on, and does not come back: the network of routes changes.
# - The delays swing. Those at arrival have the largest effect of the year in September, those at departure in December.

# %%
effects = {name: [window.statistics[name]["effect"] for window in history.windows] for name in FEATURES}
for name in ("arr_delay", "dep_delay", "air_time", "dest", "hour"):
    print(f"{name:10}" + "".join(f"{effect:6.2f}" for effect in effects[name]))

# %% tags=["claims"]
largest = {name: int(np.argmax(values)) + 1 for name, values in effects.items()}
assert largest["arr_delay"] == 9
assert largest["dep_delay"] == 12
assert max(effects["arr_delay"]) == max(max(values) for values in effects.values())

# %% [markdown]
# ## Drift that is good news
#
# The largest drift of the year is an improvement: in September flights arrived early.

# %%
september = history.windows[8].report
# Picture: Arrival delays in September: shifted to the left
september.plot("arr_delay")

# %%
arrivals = september.features["arr_delay"]
low, high = arrivals.intervals["ks"].low, arrivals.intervals["ks"].high
print(f"median {arrivals.reference.median:.0f} to {arrivals.current.median:.0f} minutes, {arrivals.direction}")
print(f"D is between {low:.2f} and {high:.2f} with 95 % confidence")

# %% tags=["claims"]
assert arrivals.direction == "down"
assert arrivals.current.median < arrivals.reference.median - 8
assert low > 0.15

# %% [markdown]
# ## A storm
#
# In February `dep_delay` drifted, and not in its values: more of them are missing. A flight without a departure was cancelled.

# %%
delay = history.windows[1].report.features["dep_delay"]
missing = delay.tests["missing"]
print(
    f"{delay.direction}: {missing.details['share_reference']:.1%} before, {missing.details['share_current']:.1%} in February"
)
print(f"p {missing.pvalue_adjusted:.0e}, Cohen's h {missing.details['cohens_h']:.2f}")

day = pc.strftime(rest["at"], "%m-%d").to_numpy(zero_copy_only=False)
is_cancelled = pc.is_null(rest["dep_delay"]).to_numpy()
shares = {date: is_cancelled[day == date].mean() for date in sorted(set(day)) if date.startswith("02")}
worst = sorted(shares, key=shares.get, reverse=True)[:3]
print("worst days:", ", ".join(f"{date} with {shares[date]:.0%}" for date in worst))

# %% tags=["claims"]
assert worst[:2] == ["02-08", "02-09"]
assert all(shares[date] > 0.5 for date in worst[:2])
assert delay.direction == "more missing"
assert delay.tests["ks"].pvalue_adjusted > 0.5
assert 0.2 < missing.details["cohens_h"] < 0.22

# %% [markdown]
# On 8 and 9 February a blizzard closed the airports, and more than half of the flights did not leave. Spread over a month that is
# just above the size at which a missing share counts as drift (Cohen's h of 0.2): with another draw of the reference it may have passed. Two
# days are better seen in windows of days.

# %% [markdown]
# ## Compared with last month
#
# `against="previous"` asks another question: what has changed since the last month? It forgets what has become usual.

# %%
changes = monitor.over_time(rest, timestamp="at", every="1mo", against="previous")
for window in changes.windows[1:]:
    print(f"{window.start[:7]}  {window.verdict.value:8}  {', '.join(window.drifted)}")

# %% tags=["claims"]
found = [window.drifted for window in changes.windows[1:]]
assert sum("dest" in names for names in found) == 1
assert sum(bool(names) for names in found) < len(history.drifted)

# %% [markdown]
# `dest` is in the list once, in May, when it moved. The months after it are like the month before, and only the fixed
# reference still sees that they are unlike January.
#
# ## How sure?
#
# Rows of one day share their weather. A test that takes 2,500 flights as 2,500 independent facts is too sure of itself. With
# `groups`, days are dealt to the two sides instead of flights, so that p-values hold for days.

# %%


def with_day(table: pa.Table) -> pa.Table:
    """Return the table with the date as a column."""
    return table.append_column("day", pc.strftime(table["at"], "%Y-%m-%d"))


by_day = Monitor(with_day(reference), features=FEATURES, pvalues="permutation", groups="day")
pvalues = {}
for number, month in ((3, "March"), (7, "July"), (8, "August"), (9, "September")):
    rows = rest.filter(pc.equal(pc.month(rest["at"]), number))
    pvalues[month] = [
        checked.features["arr_delay"].tests["ks"].pvalue_adjusted
        for checked in (monitor.check(rows), by_day.check(with_day(rows)))
    ]
    print(f"arr_delay in {month:9}  p {pvalues[month][0]:.0e} by flights, {pvalues[month][1]:.3f} by days")

# %% [markdown]
# September stands. July is just short of 5 % by days, and March and August, which looked certain by flights, are well within what a handful of
# days with bad or good weather does by chance. A month is thirty days, not 2,500 flights.

# %% tags=["claims"]
assert all(flights_only < 0.001 for flights_only, _ in pvalues.values())
assert {month for month, (_, days) in pvalues.items() if days <= 0.05} == {"September"}
assert 0.05 < pvalues["July"][1] < 0.06
assert min(pvalues["March"][1], pvalues["August"][1]) > 0.2

# %% [markdown]
# # A first check
#
# Flights from New York in January 2013 are the reference, those of July the current data. What drifted, what did not, and
# how sure is that? The data come with the package; `month` and `day` differ by construction, so they are left out.

# %%
import numpy as np
import pyarrow.compute as pc

from driftwatch import DriftReport, Monitor, assert_no_drift, datasets
from driftwatch.errors import DriftDetectedError

flights = datasets.load("flights")
january = flights.reference.drop_columns(["month", "day"])
july = flights.current.drop_columns(["month", "day"])

monitor = Monitor(january, confidence=0.95)
report = monitor.check(july)
print(report.summary())

# %% tags=["claims"]
assert report.drifted_features == ["dep_delay", "air_time", "arr_delay", "dest"]
assert round(report.features["dep_delay"].tests["ks"].statistic, 3) == 0.125
assert round(report.features["dep_delay"].effect, 2) == 0.12
before, after = (np.sort(side["dep_delay"].drop_null().to_numpy()) for side in (january, july))
minute = np.arange(-60, 600)
gap = np.searchsorted(before, minute) / len(before) - np.searchsorted(after, minute) / len(after)
assert minute[gap.argmax()] == 2
assert [round(float((side < 2).mean()), 2) for side in (before, after)] == [0.66, 0.54]

# %% [markdown]
# Four of eight features drifted. The first one is the delay at departure: D = 0.125 says that there is a delay below which the shares
# of flights differ by 12.5 percentage points. It is two minutes: 66 % of flights left with less in January, 54 % in July.

# %%
# Picture: Departure delays in January and July as histograms, distribution functions, and PSI by bin
report.plot("dep_delay")

# %% [markdown]
# ## Significant is not material
#
# With 27,000 and 29,000 rows almost any difference is significant. All eight features are, at 5 % after correction over the whole report. Four
# of them did not move by as much as 5 percentage points, and are no drift.

# %%
for name, feature in report.features.items():
    pvalue = min(test.pvalue_adjusted for test in feature.tests.values() if test.pvalue_adjusted is not None)
    print(f"{name:10} p {pvalue:7.0e}  effect {feature.effect:.3f}  {'drift' if feature.drift_detected else '-'}")

# %% tags=["claims"]
assert all(feature.significant for feature in report.features.values())
fine = [name for name, feature in report.features.items() if not feature.drift_detected]
assert fine == ["distance", "hour", "carrier", "origin"]

# %%
# Picture: Effects of the eight features with 95 % intervals: four above 0.05, four below
report.plot()

# %% [markdown]
# None of the intervals crosses the dotted line, so that no verdict here hangs on a hair.

# %% tags=["claims"]
for feature in report.features.values():
    interval = feature.intervals.get("ks") or feature.intervals["total_variation"]
    assert (interval.low > 0.05) == feature.drift_detected == (interval.high > 0.05)

# %% [markdown]
# ## Why did flights become shorter?
#
# `air_time` went down, and `distance` hardly moved. So did the routes change, or the time that they take? The medians of
# single routes from JFK answer it.

# %%
minutes = {}
for airport in ("LAX", "SFO", "MCO", "BOS"):
    route = [
        side.filter(pc.and_(pc.equal(side["origin"], "JFK"), pc.equal(side["dest"], airport)))
        for side in (january, july)
    ]
    minutes[airport] = [float(np.nanmedian(side["air_time"].to_numpy())) for side in route]
    print(f"JFK to {airport}: median {minutes[airport][0]:.0f} minutes in January, {minutes[airport][1]:.0f} in July")

# %% [markdown]
# The same route to Los Angeles takes 33 minutes less in July, the one to Boston 1. Nothing is wrong with the data: flights to the
# west fly against the jet stream, which is strongest in winter. Drift is a fact about data; whether it is a fault is another
# question. A model that was trained on `air_time` in January will be off in July all the same.

# %% tags=["claims"]
assert minutes["LAX"][0] - minutes["LAX"][1] == 33
assert minutes["BOS"][0] - minutes["BOS"][1] == 1

# %% [markdown]
# ## The control: no drift by construction
#
# January is cut into two random halves. Whatever a check finds between them is a false alarm.

# %%
order = np.random.default_rng(0).permutation(january.num_rows)
half = january.num_rows // 2
control = Monitor(january.take(order[:half])).check(january.take(order[half:]))
print(control.summary())

# %% tags=["claims"]
assert not control.drift_detected
assert not any(feature.significant for feature in control.features.values())

# %% [markdown]
# ## In a pipeline
#
# `assert_no_drift` raises where data drifted, and the report goes where you want it: JSON keeps all of it, what pictures are drawn of
# included, and `report.to_html("report.html")` is a page to send to a colleague.

# %%
try:
    assert_no_drift(january, july, features=["dep_delay", "hour"])
except DriftDetectedError as error:
    print("stopped by", error.report.drifted_features)

text = report.to_json()
again = DriftReport.from_json(text)
print(f"read again from JSON, the same verdict: {again.verdict == report.verdict}")

# %% tags=["claims"]
assert again.drifted_features == report.drifted_features

# %% [markdown]
# Next: [a whole year, month by month](02_year_of_flights.py). How a verdict is made is on [its own page](../../docs/verdict.md).

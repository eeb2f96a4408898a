# %% [markdown]
# # Calibration and power
#
# Two questions before a monitor goes live: how often will it cry wolf, and what will it be able to see? Both can be answered from the
# reference alone. The data are hourly prices and demand of the electricity market of New South Wales, and they teach
# the lesson that rows in the order of time are worth less than they seem.

# %%
import numpy as np

from driftwatch import Monitor, datasets
from driftwatch.simulate import mean_shift, power_curve

WEEK = 7 * 24  # hours

market = datasets.load("elec2")
hourly = [
    side.select(["nswprice", "nswdemand"]).take(np.arange(0, 10_000, 2)) for side in (market.reference, market.current)
]
reference, after = hourly
print(f"{reference.num_rows / WEEK:.0f} weeks of {WEEK} hours")

# %% [markdown]
# ## Crying wolf
#
# A check each week that may raise one false alarm in five months. `calibrate` cuts weeks out of the reference and compares each
# with the rest, from which it was left out.

# %%
monitor = Monitor(reference)
calibration = monitor.calibrate(window=WEEK, checks_per_day=1 / 7, false_alarms_per_month=0.2)
print(calibration.summary())

# %% tags=["claims"]
assert calibration.before.rate == 1.0
assert calibration.after.rate == 0.1
worth = {name: round(found.n_effective) for name, found in calibration.features.items()}
assert worth == {"nswprice": 8, "nswdemand": 12}

# %% [markdown]
# Uncalibrated, **every** week is an alarm, although no week is unlike the others in any way that lasts. The price at noon is much like the
# price at eleven, so that 168 hours of prices are worth about 8 independent ones, and of demand 12. A test
# that believes in 168 is sure of differences that any week has.
#
# Calibrated, 2 of 20 weeks are. Twenty weeks cannot show much more than that: the interval goes up to 32 %, and the notes say so.
#
# ## The same rows, shuffled
#
# Is it really the order? Shuffling keeps every value and destroys the order only.

# %%
rng = np.random.default_rng(0)
shuffled = Monitor(reference.take(rng.permutation(reference.num_rows)))
control = shuffled.calibrate(window=WEEK, checks_per_day=1 / 7, false_alarms_per_month=0.2)
for name, one in (("in order", calibration), ("shuffled", control)):
    print(f"{name}: {one.before.n_alarms} of {one.before.n_windows} weeks alarm uncalibrated, ", end="")
    print(", ".join(f"{key} is worth {found.n_effective:.0f} rows" for key, found in one.features.items()))

# %% tags=["claims"]
assert control.before.n_alarms <= 2
assert min(found.n_effective for found in control.features.values()) > 150

# %% [markdown]
# ## What will be seen
#
# What a week cannot prove it cannot see either. The price of a quiet monitor is in the table above: a shift of the mean must be more than a standard
# deviation to be seen with 80 % power in a week of the market, and a quarter of one would do if rows were independent.

# %%
for name in calibration.features:
    print(
        f"{name}: {calibration.features[name].smallest:.1f} standard deviations in order, "
        f"{control.features[name].smallest:.2f} shuffled"
    )

# %% tags=["claims"]
assert all(found.smallest > 1.0 for found in calibration.features.values())
assert all(0.2 < found.smallest < 0.3 for found in control.features.values())

# %% [markdown]
# ## And the real change
#
# At row 17,424 of the whole series the market was joined to Victoria's. The current data are 30 weeks after it. Does the
# calibrated monitor, which needs more than a standard deviation, see that?

# %%
weeks = [monitor.check(after.slice(start, WEEK)) for start in range(0, after.num_rows - WEEK + 1, WEEK)]
alarms = sum("nswprice" in report.drifted_features for report in weeks)
print(
    f"{alarms} of {len(weeks)} weeks: nswprice drifted; nswdemand in {sum('nswdemand' in r.drifted_features for r in weeks)}"
)

# %% tags=["claims"]
assert len(weeks) == 29
assert alarms == 20
assert sum("nswdemand" in report.drifted_features for report in weeks) <= 3

# %% [markdown]
# Two weeks in three, for a week by itself; the change of the price is there to stay, so that it does not take long.

# %%
# Picture: Price of the first week of the current data: lower, with the distribution functions far apart
weeks[0].plot("nswprice")

# %% [markdown]
# ## Power for other sizes
#
# `power_curve` answers for any shift and any number of rows. Here for independent ones: flights in random order, and a shift of the air
# time. Shaded are 95 % intervals of the simulation itself.

# %%
flights = datasets.load("flights").reference.select(["dep_delay", "air_time", "carrier"])
flights = flights.take(rng.permutation(flights.num_rows)[:12_000])
curve = power_curve(
    Monitor(flights),
    flights,
    mean_shift(features=["air_time"]),
    sizes=[0.0, 0.1, 0.2, 0.3, 0.4, 0.5],
    windows=[100, 300, 1_000],
    n_runs=40,
)
# Picture: Share of windows with drift found, over the size of the shift, for 100, 300 and 1,000 rows
curve.plot().figure

# %% tags=["claims"]
rates = {(point.window, point.strength): point.rate for point in curve.points}
assert all(rates[window, 0.0] <= 0.05 for window in (100, 300, 1_000))
assert rates[100, 0.2] < 0.7
assert rates[300, 0.2] > 0.9
assert rates[300, 0.1] < 0.5
assert rates[1_000, 0.1] > 0.8

# %% [markdown]
# A fifth of a standard deviation (19 minutes of air time) is found in 300 rows and often missed in 100; a tenth takes a thousand. Half of
# the shift needs about four times the rows, as the noise of D falls with their square root.
#
# [Before deployment](../../docs/calibrate.md) has all that `calibrate` does.

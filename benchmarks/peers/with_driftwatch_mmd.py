"""Ours, for the same question: one kernel, the bandwidth from the reference, 200 permutations."""

from driftwatch.kernels import mmd_2samp

PACKAGES = ("driftwatch", "numpy")
DOES = "MMD with p-value of 200 permutations"


def fit(reference):
    def check(current):
        found = mmd_2samp(reference, current, median_of="reference", n_permutations=200)
        return {"mmd": float(found.statistic), "pvalue": float(found.pvalue)}

    return check

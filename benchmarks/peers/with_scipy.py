"""The loop that many write by hand: ks_2samp and wasserstein_distance, column by column."""

from scipy import stats

PACKAGES = ("scipy", "numpy")
DOES = "KS with p-value (asymptotic), Wasserstein"


def fit(reference):
    def check(current):
        ks = [stats.ks_2samp(r, c, method="asymp").statistic for r, c in zip(reference.T, current.T)]
        w1 = [stats.wasserstein_distance(r, c) for r, c in zip(reference.T, current.T)]
        return {"ks": ks, "wasserstein": w1}

    return check

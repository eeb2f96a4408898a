"""What the names in a report stand for, in words (layer 4): statistics, signals and flags, for readers of a page."""

from __future__ import annotations

__all__ = ["FLAGS", "SIGNALS", "STATISTICS"]

STATISTICS = {
    "ks": "Kolmogorov-Smirnov D",
    "wasserstein": "Wasserstein distance",
    "psi": "Population stability index",
    "jensenshannon": "Jensen-Shannon distance",
    "total_variation": "Total variation",
    "chi2": "Chi-squared",
    "chi2_bins": "Chi-squared over bins",
    "missing": "Missing share (chi-squared)",
    "mmd": "Maximum mean discrepancy (squared)",
    "sliced_wasserstein": "Sliced Wasserstein distance",
    "multivariate_energy": "Energy distance of rows",
    "dimension_ks": "Largest D of a dimension",
    "frozen_lines": "Largest D of a direction",
    "classifier": "Classifier AUC",
    "cramervonmises": "Cramér-von Mises",
    "anderson_darling": "Anderson-Darling",
    "kuiper": "Kuiper V",
    "hellinger": "Hellinger distance",
    "kl": "Kullback-Leibler divergence",
    "cramers_v": "Cramér's V",
    "l_infinity": "Largest difference of a share",
    "energy": "Energy distance",
    "mannwhitney": "Mann-Whitney U",
    "g_test": "G-test",
    "fisher_exact": "Fisher's exact test (odds ratio)",
}

SIGNALS = {
    "missing_share": "The share of missing values changed, by a test and by enough to matter.",
    "unseen_levels": "There are levels that the reference does not have.",
    "constant_changed": "The reference is constant, and the current values are not that constant.",
    "outside_range": "More values lie outside the reference's range than chance explains.",
    "stuck_value": "One value takes a much larger share than before.",
    "type_changed": "The column changed its type, so that the sides cannot be compared.",
}

FLAGS = {
    "few_samples": "Fewer than 30 values on a side: only large drift can be seen.",
    "dropped_rows": "At least 10 % of a side is missing; values are compared without those rows.",
    "low_expected_counts": "Some levels are rare: p-values are formed in another way, with less power.",
    "many_ties": "One value holds about half of a side or more: p-values of KS are too large, and drift may be missed.",
    "autocorrelated_rows": "Rows depend on the row before: p-values are too small, and an alarm may be false.",
    "few_units": "Fewer than ten blocks or groups on a side: p-values cannot be small.",
    "dependence_ignored": "Rows were permuted one by one although they depend on each other: an alarm may be false.",
    "few_permutations": "More permutations are needed for a p-value that can count after the correction.",
    "subsampled": "Only a part of the rows was compared: small drift may be missed.",
    "rounded_integers": "Integers beyond 2⁵³: neighbouring ones count as equal.",
    "absent_rows": "Some rows of the window did not have this column; they count as missing.",
    "pooled_levels": "Rare levels are counted together.",
    "partly_labelled": "Only some rows have a label by now; only these are compared.",
    "constant_reference": "The reference has one value only.",
}

"""alibi-detect's KSDrift, which needs neither TensorFlow nor PyTorch."""

from alibi_detect.cd import KSDrift

PACKAGES = ("alibi-detect", "scipy", "numpy")
DOES = "KS with p-value (asymptotic)"


def fit(reference):
    detector = KSDrift(reference, p_val=0.05)

    def check(current):
        found = detector.predict(current, drift_type="batch", return_p_val=True, return_distance=True)
        return {"ks": found["data"]["distance"].tolist()}

    return check

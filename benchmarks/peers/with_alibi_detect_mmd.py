"""alibi-detect's MMDDrift on PyTorch, on the CPU, with 200 permutations."""

import numpy as np
from alibi_detect.cd import MMDDrift

PACKAGES = ("alibi-detect", "torch", "numpy")
DOES = "MMD with p-value of 200 permutations"


def fit(reference):
    detector = MMDDrift(reference.astype(np.float32), backend="pytorch", n_permutations=200, device="cpu")

    def check(current):
        found = detector.predict(current.astype(np.float32), return_p_val=True, return_distance=True)
        return {"mmd": float(found["data"]["distance"]), "pvalue": float(found["data"]["p_val"])}

    return check

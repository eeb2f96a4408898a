"""An embedding beside a plain feature, and a correlation that turns while every column stays as it was.

Run: python examples/embeddings.py
"""

from pathlib import Path

import numpy as np

from driftwatch import Monitor

rng = np.random.default_rng(0)
speeches = np.load(Path(__file__).parent / "data" / "sotu_embeddings.npz")
vectors, president = speeches["embeddings"], speeches["names"][speeches["labels"]]
length = rng.lognormal(3.0, 0.5, size=len(vectors))  # words in a sentence

fifties = np.flatnonzero(np.isin(president, ["Harry S Truman", "Dwight D Eisenhower"]))
rng.shuffle(fifties)
reference, same, other = fifties[:400], fifties[400:550], np.flatnonzero(president == "Richard Nixon")
monitor = Monitor({"length": length[reference], "sentence": vectors[reference]})

for name, rows in (("the same two presidents", same), ("Richard Nixon", other)):
    report = monitor.check({"length": length[rows], "sentence": vectors[rows]})
    sentence = report.features["sentence"]
    print(f"{name}: drifted {report.drifted_features}, effect of the embedding {sentence.effect:.2f}")

turn = np.array([[1.0, 0.7], [0.0, 0.7]])
before, after = rng.normal(size=(600, 2)) @ turn, rng.normal(size=(400, 2)) @ turn * [1, -1]
print(f"correlation that turned: drifted {Monitor(before, joint=True).check(after).drifted_features}")

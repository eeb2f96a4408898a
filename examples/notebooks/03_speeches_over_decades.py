# %% [markdown]
# # Embeddings of speeches over decades
#
# Sentences of State of the Union addresses, 1950 to 2016, each as a vector that a language model made of it. No column of it means
# anything to a person. Did what presidents say drift, how fast, and in which direction?

# %%
from pathlib import Path

import numpy as np

from driftwatch import Monitor

HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()
stored = np.load(HERE.parent / "data" / "sotu_decades.npz")
vectors, year, sentences = stored["embeddings"].astype(np.float32), stored["year"], stored["sentence"]
president = stored["names"][stored["president"]]
print(f"{len(vectors):,} sentences as vectors of {vectors.shape[1]} numbers, {year.min()} to {year.max()}")

# %% [markdown]
# The reference are sentences of the 1950s, by Truman and Eisenhower. 150 of them are held back as a control. Whole vectors are compared, by a
# permutation test of the maximum mean discrepancy and four other statistics, beside an ordinary column: the length of the
# sentence.

# %%
rng = np.random.default_rng(0)
fifties = rng.permutation(np.flatnonzero(year < 1960))
reference, control = fifties[:-150], fifties[-150:]
n_words = np.array([len(sentence.split()) for sentence in sentences], dtype=float)


def columns(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the features of some sentences."""
    return {"sentence": vectors[rows], "n_words": n_words[rows]}


monitor = Monitor(columns(reference))
windows = {"1950s, held back": control}
for start, stop in ((1960, 1965), (1965, 1970), (1970, 1975), (1975, 1980), (2000, 2005), (2005, 2010), (2010, 2017)):
    windows[f"{start} to {stop - 1}"] = rng.permutation(np.flatnonzero((year >= start) & (year < stop)))[:150]

reports = {name: monitor.check(columns(rows)) for name, rows in windows.items()}
for name, report in reports.items():
    sentence, words = report.features["sentence"], report.features["n_words"]
    verdict = "drift" if sentence.drift_detected else "no drift"
    print(
        f"{name:16}  {verdict:8}  effect {sentence.effect:.2f}  p {sentence.tests['mmd'].pvalue:.3f}  "
        f"n_words: effect {words.effect:.2f}"
    )

# %% tags=["claims"]
effects = [report.features["sentence"].effect for report in reports.values()]
assert not reports["1950s, held back"].features["sentence"].drift_detected
assert all(report.features["sentence"].drift_detected for name, report in list(reports.items())[1:])
assert effects[0] == 0.0
assert effects[1] == min(effects[1:])
assert min(effects[5:]) > max(effects[:5])
assert [name for name, report in reports.items() if report.features["n_words"].drift_detected] == ["1970 to 1974"]
assert round(effects[1], 2) == 0.28
assert min(effects[5:]) > 0.6
nixon = reports["1970 to 1974"].features["n_words"]
assert nixon.direction == "up"
assert (nixon.reference.median, nixon.current.median) == (19.0, 23.5)

# %% [markdown]
# The control is quiet, with an effect of 0. Every later window drifted: by 0.28 in the early sixties, by up to 0.55 in the seventies, by
# more than 0.6 in all windows since 2000. An effect of 0.6 is an AUC of 0.8 (half of 1 + effect) of a score of single
# sentences. The length of sentences drifted once: Nixon's are longer, with a median of 23.5 words against 19.
#
# `p` is the smallest that 999 permutations can give. It says that the drift is real, and nothing about its size.

# %%
# Picture: Where sentences of the fifties and since 2010 lie: the second group is shifted to the right
reports["2010 to 2016"].plot("sentence")

# %% [markdown]
# The horizontal axis runs from the mean of the fifties towards the mean of the later sentences. The clouds overlap, and their
# centres do not.
#
# ## What does the direction mean?
#
# A report says that vectors drifted, not what it means. Sentences at both ends of the direction do. The direction is taken from one half of
# the later sentences and read off the other half, so that it cannot flatter itself.

# %%
recent = rng.permutation(np.flatnonzero(year >= 2000))
learnt, read = recent[:750], recent[750:]
direction = vectors[learnt].mean(axis=0) - vectors[reference].mean(axis=0)
direction /= np.linalg.norm(direction)


def position(rows: np.ndarray) -> np.ndarray:
    """Return how far along the direction each sentence lies."""
    return vectors[rows] @ direction


for title, rows in (
    ("Most of the 1950s", control[np.argsort(position(control))[:4]]),
    ("Most of today", read[np.argsort(-position(read))[:4]]),
):
    print(title)
    for row in rows:
        print(f"  {year[row]} {president[row].split()[-1]}: {sentences[row][:88]}")

# %% [markdown]
# The old end speaks of programs, nations and their policies; the new end of Americans, families, jobs and what they pay.
# From the affairs of state to the kitchen table. Counting words supports it:

# %%
NEAR, FAR = (
    ("american", "famil", "job", "kids", "college", "tax"),
    ("nations", "policy", "program", "world", "military"),
)
shares = {}
for name, stems in (("Americans, families, jobs", NEAR), ("nations, policy, programs", FAR)):
    has = np.array([any(stem in sentence.lower() for stem in stems) for sentence in sentences])
    shares[name] = (has[year < 1960].mean(), has[year >= 2000].mean())
    print(f"{name}: {shares[name][0]:.0%} of sentences in the 1950s, {shares[name][1]:.0%} since 2000")

# %% tags=["claims"]
assert shares["Americans, families, jobs"][1] > 1.5 * shares["Americans, families, jobs"][0]
assert shares["nations, policy, programs"][1] < shares["nations, policy, programs"][0]

# %% [markdown]
# ## How sure?
#
# The control and the size of the effect speak for themselves; two things limit the rest. Sentences of one speech hang together, so that the
# p-value is too small for the question whether *presidents* drifted, of whom there are nine. And the vectors are the 32 main directions of
# sentences before 1980: a topic that nobody spoke of then may have no direction of its own here, so that drift is, if anything, understated.

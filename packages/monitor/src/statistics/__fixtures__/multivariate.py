"""Writes multivariate.json: kernel discrepancy, classifier test and reconstruction error from end to end by numpy, scipy and scikit-learn.

- mmd: the unbiased estimate and its p-value by 1,000 regroupings of the rows.
- classifier: LinearRegression on the windows as 0 and 1, both weighing the same, neighbouring blocks as one fold; Mann-Whitney's p-value.
- reconstruction: one component of sklearn's PCA; each tenth of the reference by the components of the rest, Student's t prediction bounds.
Run: pip install scikit-learn==1.9.1 scipy==1.17.1 numpy==2.4.6 && python multivariate.py
"""

import json
import pathlib

import numpy as np
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel

random = np.random.default_rng(3)


def discrepancy(x, y):
    both = np.vstack([x, y])
    n, m = len(x), len(y)
    distances = np.sqrt(((both[:, None] - both[None]) ** 2).sum(2))[np.triu_indices(n + m, 1)]
    kernel = rbf_kernel(both, gamma=1 / (2 * np.median(distances) ** 2))

    def estimate(rows, others):
        own = sum((kernel[np.ix_(i, i)].sum() - len(i)) / (len(i) * (len(i) - 1)) for i in (rows, others))
        return own - 2 * kernel[np.ix_(rows, others)].mean()

    statistic = estimate(np.arange(n), np.arange(n, n + m))
    groupings = [random.permutation(n + m) for _ in range(1000)]
    larger = sum(estimate(order[:n], order[n:]) >= statistic for order in groupings)
    return {"statistic": statistic, "pValue": (1 + larger) / 1001}


def classifier(x, y, folds=5):
    block_rows = max(1, min(len(x), len(y)) // (2 * folds))

    def folds_of(length):
        blocks = length // block_rows
        of_row = np.empty(length, int)
        for block in range(blocks):
            of_row[block * length // blocks : (block + 1) * length // blocks] = block * folds // blocks
        return of_row

    in_x, in_y = folds_of(len(x)), folds_of(len(y))
    aucs, pairs, variance = [], [], 0
    for fold in range(folds):
        a, b = x[in_x != fold], y[in_y != fold]
        weights = np.r_[np.full(len(a), 1 / len(a)), np.full(len(b), 1 / len(b))]
        truth = np.r_[np.zeros(len(a)), np.ones(len(b))]
        model = LinearRegression().fit(np.vstack([a, b]), truth, sample_weight=weights)
        u, v = x[in_x == fold], y[in_y == fold]
        aucs.append(roc_auc_score(np.r_[np.zeros(len(u)), np.ones(len(v))], model.predict(np.vstack([u, v]))))
        pairs.append(len(u) * len(v))
        variance += len(u) * len(v) * (len(u) + len(v) + 1) / 12
    statistic = np.average(aucs, weights=pairs)
    return {"statistic": statistic, "folds": aucs, "pValue": stats.norm.sf((statistic - 0.5) * sum(pairs) / np.sqrt(variance))}


def distance(reference, window):
    mean, deviation = reference.mean(0), reference.std(0)
    pca = PCA(1).fit((reference - mean) / deviation)
    z = (window - mean) / deviation
    return np.sqrt(((z - pca.inverse_transform(pca.transform(z))) ** 2).sum(1)).mean()


def reconstruction(x, y):
    n = len(x)
    chunks = n // (n // 10)
    cuts = [(k * n // chunks, (k + 1) * n // chunks) for k in range(chunks)]
    errors = [distance(np.delete(x, np.s_[a:b], 0), x[a:b]) for a, b in cuts]
    margin = stats.t.ppf(0.995, chunks - 1) * np.std(errors, ddof=1) * np.sqrt(1 + 1 / chunks)
    return {"statistic": distance(x, y), "chunks": errors, "bounds": [max(0, np.mean(errors) - margin), np.mean(errors) + margin]}


cases = []
for n, m, width, shift in [(60, 40, 2, 0.8), (80, 80, 3, 0), (75, 45, 4, 0.4)]:
    mixing = random.normal(size=(width, width))
    x = np.round(random.normal(size=(n, width)) @ mixing, 3)
    y = np.round(random.normal(size=(m, width)) @ mixing + shift, 3)
    cases.append(
        {
            "reference": x.T.tolist(),
            "current": y.T.tolist(),
            "mmd": discrepancy(x, y),
            "classifier": classifier(x, y),
            "reconstruction": reconstruction(x, y),
        }
    )

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join("  " + json.dumps(case) for case in cases) + "\n]\n")
print([(round(c["mmd"]["pValue"], 4), round(c["classifier"]["pValue"], 4)) for c in cases])

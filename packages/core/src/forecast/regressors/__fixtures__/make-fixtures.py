"""Writes scikit-learn.json with what scikit-learn fits and predicts.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1 numpy==2.4.6
    venv/bin/python make-fixtures.py
"""

import json
import pathlib
import platform

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import TimeSeriesSplit
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

here = pathlib.Path(__file__).parent
random = np.random.default_rng(5)


def rounded(values):
    return np.vectorize(lambda value: float(f"{value:.5g}"))(values)


def data(rows, width):
    shared = random.normal(size=(rows, 1))
    scales = 10.0 ** random.integers(-2, 4, width)
    x = rounded((random.normal(size=(rows, width)) + shared + 5) * scales)
    effects = np.where(random.uniform(size=width) < 0.6, random.normal(size=width), 0) / scales
    y = rounded(x @ effects + random.normal(size=rows) * 0.5)
    return x, y, rounded(random.uniform(0.2, 3, rows))


def pipeline(alpha, ratio):
    return make_pipeline(StandardScaler(), ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-15, max_iter=1_000_000))


linear = []
for rows, width in [(80, 4), (60, 12), (25, 40)]:
    x, y, weights = data(rows, width)
    for ratio in [1.0, 0.5, 0.05]:
        scaled = (x - x.mean(axis=0)) / x.std(axis=0)
        strongest = np.abs(scaled.T @ (y - y.mean())).max() / rows / ratio
        path = strongest * 1e-4 ** (np.arange(100) / 99)
        splits = list(TimeSeriesSplit(n_splits=5).split(x))
        errors = [
            np.mean([mean_squared_error(y[later], pipeline(alpha, ratio).fit(x[before], y[before]).predict(x[later])) for before, later in splits])
            for alpha in path[:70]
        ]
        fits = []
        for alpha in [strongest * 0.3, strongest * 0.02]:
            for given in [None, weights]:
                options = {} if given is None else {"standardscaler__sample_weight": given, "elasticnet__sample_weight": given}
                fitted = pipeline(alpha, ratio).fit(x, y, **options)
                coefficients = fitted[-1].coef_ / fitted[0].scale_
                intercept = fitted[-1].intercept_ - coefficients @ fitted[0].mean_
                fits.append({"penalty": alpha, "weighted": given is not None, "intercept": intercept, "coefficients": coefficients.tolist()})
        linear.append({"l1Ratio": ratio, "columns": x.T.tolist(), "y": y.tolist(), "weights": weights.tolist(), "fits": fits, "path": path[:70].tolist(), "errors": errors})

near = []
for rows, width, neighbours in [(60, 2, 1), (200, 3, 5), (150, 8, 12)]:
    x, y, _ = data(rows, width)
    asked = rounded(np.vstack([x[:5], x[random.integers(0, rows, 40)] * random.uniform(0.9, 1.1, (40, width))]))
    predicted = {
        kind: make_pipeline(StandardScaler(), KNeighborsRegressor(neighbours, weights=kind)).fit(x, y).predict(asked).tolist()
        for kind in ["uniform", "distance"]
    }
    near.append({"neighbours": neighbours, "columns": x.T.tolist(), "y": y.tolist(), "asked": asked.T.tolist(), "predicted": predicted})

made_with = {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "python": platform.python_version()}
(here / "scikit-learn.json").write_text(json.dumps({"made with": made_with, "elasticNet": linear, "knn": near}) + "\n")

"""Models that LightGBM wrote, with what it predicts; and models that toLightgbm wrote, as LightGBM predicts them.

Run: python -m venv venv && venv/bin/pip install lightgbm==4.7.0 numpy && venv/bin/python make-lightgbm-text.py
Needs npx (tsx) for packages/core/test/write-gbdt-models.ts. Writes lightgbm-text.json and lightgbm-written.json beside this file.
"""
import json
import math
import pathlib
import platform
import subprocess

import lightgbm
import numpy as np

here = pathlib.Path(__file__).parent
versions = {"lightgbm": lightgbm.__version__, "numpy": np.__version__, "python": platform.python_version()}
random = np.random.default_rng(7)
ROWS, PROBES = 600, 30


def numbers(values):
    """In a line, as Number() of JavaScript reads them."""
    return " ".join(repr(float(v)).replace("inf", "Infinity").replace("nan", "NaN") for v in values)


def table(categories=12, zeros=0.3, holes=0.2):
    """Two columns of numbers with zeros and holes, one of codes (few are frequent) with holes, one of small whole numbers."""
    x = random.normal(size=(ROWS, 4))
    x[:, 0][random.random(ROWS) < zeros] = 0
    x[:, 1] = np.where(random.random(ROWS) < zeros, 0, x[:, 1] * 1e-3)
    x[:, :2][random.random((ROWS, 2)) < holes] = np.nan
    x[:, 2] = np.floor(random.random(ROWS) ** 2 * categories)
    x[random.random(ROWS) < holes / 2, 2] = np.nan
    x[:, 3] = random.integers(0, 4, ROWS)
    return x


def probes(x, categories, categorical):
    """Rows of the training set, with holes, zeros, tiny numbers, infinities and codes that training never saw."""
    p = x[:PROBES].copy()
    p[0, :] = np.nan
    p[1, :] = 0
    p[2:6, 0] = [1e-36, -1e-36, 1e-34, -1e-34]
    p[6:10, 1] = [math.inf, -math.inf, 1e-35, -0.0]
    if categorical:
        p[10:13, 2] = [categories + 5, 2**31 - 1, 0]
    return p


def target(x, kind):
    signal = np.nan_to_num(x[:, 0], nan=1.5) + 800 * np.nan_to_num(x[:, 1]) + (np.nan_to_num(x[:, 2], nan=3) * 7) % 5 + x[:, 3] ** 2
    noisy = signal + random.normal(size=len(x)) * 0.3
    if kind == "yes or no":
        return (noisy > np.median(noisy)).astype(float)
    if kind == "share":
        return 1 / (1 + np.exp(-(noisy - noisy.mean()) / noisy.std()))
    if kind == "positive":
        return np.abs(noisy) + 0.01
    return noisy


def custom(scores, data):
    return scores - data.get_label(), np.ones_like(scores)


CASES = {
    "regression": {"objective": "regression"},
    "no categories, missing NaN": {"objective": "regression", "categorical": False},
    "no categories, zero as missing": {"objective": "regression", "zero_as_missing": True, "categorical": False},
    "zero as missing": {"objective": "regression", "zero_as_missing": True},
    "no missing values": {"objective": "regression", "use_missing": False},
    "700 categories": {"objective": "regression", "categories": 700, "max_cat_threshold": 64, "min_data_per_group": 2, "cat_smooth": 1, "num_leaves": 5},
    "one against the rest": {"objective": "regression", "categories": 4},
    "l1, weights": {"objective": "regression_l1", "weights": True},
    "huber": {"objective": "huber"},
    "quantile": {"objective": "quantile", "alpha": 0.8},
    "fair": {"objective": "fair"},
    "mape": {"objective": "mape", "y": "positive"},
    "poisson": {"objective": "poisson", "y": "positive"},
    "tweedie": {"objective": "tweedie", "y": "positive"},
    "gamma": {"objective": "gamma", "y": "positive"},
    "square root": {"objective": "regression", "reg_sqrt": True},
    "binary": {"objective": "binary", "y": "yes or no", "sigmoid": 1.7},
    "cross entropy": {"objective": "cross_entropy", "y": "share"},
    "cross entropy lambda": {"objective": "cross_entropy_lambda", "y": "share"},
    "custom objective": {"objective": custom},
    "random forest": {"objective": "regression", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
    "dart": {"objective": "regression", "boosting": "dart"},
    "one leaf": {"objective": "regression", "min_data_in_leaf": 10_000},
}


def train(settings, rounds=4, **more):
    settings = dict(settings)
    categories = settings.pop("categories", 12)
    categorical = settings.pop("categorical", True)
    weighted = settings.pop("weights", False)
    x = table(categories)
    y = target(x, settings.pop("y", ""))
    params = {"num_leaves": 8, "num_threads": 1, "verbose": -1, "seed": 1, "deterministic": True, "learning_rate": 0.3, "min_data_in_leaf": 5, **settings, **more}
    data = lightgbm.Dataset(x, y, weight=random.random(ROWS) + 0.1 if weighted else None,
                            categorical_feature=[2] if categorical else "auto", params=params)
    return lightgbm.train(params, data, rounds), probes(x, categories, categorical)


read = []
for name, settings in CASES.items():
    model, rows = train(settings)
    contributions = model.predict(rows, pred_contrib=True)
    read.append({
        "name": name, "text": model.model_to_string(), "columns": [numbers(column) for column in rows.T],
        "predicted": numbers(model.predict(rows)), "contributions": [numbers(column) for column in contributions.T],
        "gain": numbers(model.feature_importance("gain")), "splits": numbers(model.feature_importance("split")),
    })
classes, _ = train({"objective": "multiclass", "num_class": 2, "y": "yes or no"}, 1)
linear, _ = train({"objective": "regression", "linear_tree": True, "categorical": False}, 1)
refused = {"two classes": classes.model_to_string(), "linear trees": linear.model_to_string()}
(here / "lightgbm-text.json").write_text(json.dumps({"made with": versions, "read": read, "refused": refused}) + "\n")

written = json.loads(subprocess.run(["npx", "tsx", "--conditions=@tsops/source", str(here.parents[3] / "test" / "write-gbdt-models.ts")], capture_output=True, check=True).stdout)
for case in written:
    rows = np.array([column.split(" ") for column in case["columns"]], dtype=float).T
    model = lightgbm.Booster(model_str=case["text"])
    found = model.predict(rows)
    worst = np.max(np.abs(found - np.array(case["predicted"].split(" "), dtype=float)) / np.maximum(1, np.abs(found)))
    assert worst < 1e-9, (case["name"], worst)
    assert model.num_trees() == case["trees"] and model.feature_name() == case["names"], case["name"]
    again = lightgbm.Booster(model_str=model.model_to_string()).predict(rows)
    assert np.array_equal(found, again), case["name"]
    if case["contributions"] is not None:
        contributions = model.predict(rows, pred_contrib=True)
        ours = np.array([column.split(" ") for column in case["contributions"]], dtype=float)
        assert np.allclose(contributions.T, ours, rtol=0, atol=1e-9), case["name"]
    print(case["name"], worst)
(here / "lightgbm-written.json").write_text(json.dumps({
    "made with": versions, "written": [{"name": c["name"], "text": c["text"]} for c in written]}) + "\n")

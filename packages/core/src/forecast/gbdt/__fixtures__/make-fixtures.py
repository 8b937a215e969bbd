"""Errors of LightGBM on the data sets of synthetic.ts, as a yardstick for the built-in gbdt.

Run: python -m venv venv && venv/bin/pip install lightgbm==4.7.0 numpy && venv/bin/python make-fixtures.py
Writes lightgbm.json beside this file. The data are made here by the same arithmetic as in synthetic.ts.
"""
import json
import math
import pathlib
import platform

import lightgbm
import numpy as np

TRAIN, TEST, SEEDS = 4000, 2000, [1, 2, 3]


class Draw:
    """xorshift32, as in synthetic.ts."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        x = self.state
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self.state = x
        return x / 4294967296

    def bell(self):
        return sum(self.uniform() for _ in range(12)) - 6


def row(draw, kind):
    """Columns and target of one row."""
    a, b, c, d = (draw.bell() for _ in range(4))
    noise = draw.bell()
    spread = draw.uniform()
    hole, other = draw.uniform(), draw.uniform()
    code, group = math.floor(draw.uniform() * 40), math.floor(draw.uniform() * 3)
    base = 2 * a + 3 * min(1, max(0, b)) + c * (d + 1)
    if kind == "missing":
        x = [math.nan if hole < 0.25 else a, math.nan if b > 1 else b, c, d]
        return x, base + (1.5 if hole < 0.25 else 0) + 0.5 * noise, 1.0
    if kind == "categorical":
        return [a, b, code, group], 2 * a + ((code * 7) % 11) * 0.5 + (group - 1) * b + 0.5 * noise, 1.0
    if kind == "weights":
        return [a, b, c, d], base + (0.4 + 1.2 * spread) * noise, 1 / (0.4 + 1.2 * spread) ** 2
    if kind == "spread":
        return [a, b, c, d], base + (0.3 + abs(c)) * noise, 1.0
    if kind == "outliers":
        return [a, b, c, d], base + 0.5 * noise + (40 * (spread - 0.3) if hole < 0.08 else 0), 1.0
    if kind in ("counts", "amounts"):
        rate = math.exp(0.5 + 0.4 * a + 0.3 * min(1, max(0, b)) + (0.2 * c if hole > 0.5 else 0))
        events = count(draw, rate if kind == "counts" else 0.5 * rate)
        y = events if kind == "counts" else sum(-math.log(draw.uniform()) for _ in range(events))
        return [a, b, c, d, hole], y, 0.5 + other
    if kind in ("grid", "grid counts"):
        y = base + noise if kind == "grid" else math.floor(abs(base + noise))
        return [math.floor(4 * (v + 1)) / 4 for v in (a, b)] + [math.floor(hole * 5), math.floor(other * 3)], y, 1.0
    return [a, b, c, d, spread, other], base + 0.5 * noise, 1.0


def count(draw, rate):
    """A Poisson number, by multiplying uniform ones (Knuth)."""
    events, product, limit = 0, draw.uniform(), math.exp(-rate)
    while product > limit:
        events += 1
        product *= draw.uniform()
    return events


def data(kind, seed, rows):
    draw = Draw(seed)
    made = [row(draw, kind) for _ in range(rows)]
    return (
        np.array([x for x, _, _ in made], dtype=float),
        np.array([y for _, y, _ in made]),
        np.array([w for _, _, w in made]),
    )


def error(name, alpha, y, p, w):
    r = y - p
    if name == "rmse":
        return float(np.sqrt(np.average(r * r, weights=w)))
    if name == "mae":
        return float(np.average(np.abs(r), weights=w))
    if name == "poisson deviance":
        return float(np.average(2 * (np.where(y > 0, y * np.log(np.maximum(y, 1e-300) / p), 0) - (y - p)), weights=w))
    if name == "tweedie deviance":
        # For the power 1.5.
        return float(np.average(4 * (y / p**0.5 + p**0.5 - 2 * y**0.5), weights=w))
    return float(np.average(np.maximum(alpha * r, (alpha - 1) * r), weights=w))


# name, data, objective, level, LightGBM settings under the names of GbdtOptions
CASES = [
    ("numeric", "numeric", "squared", None, {}),
    ("few rows", "numeric", "squared", None, {"rows": 500, "trees": 60}),
    ("penalties", "numeric", "squared", None, {"l1": 3, "l2": 20, "minLeafRows": 5, "maxDepth": 4}),
    ("coarse bins", "numeric", "squared", None, {"bins": 31, "leaves": 15, "learningRate": 0.2}),
    ("sampled", "numeric", "squared", None, {"rowFraction": 0.7, "columnFraction": 0.7}),
    ("missing", "missing", "squared", None, {}),
    ("monotone", "numeric", "squared", None, {"monotone": {"x0": "increasing", "x1": "increasing"}}),
    ("monotone against the data", "numeric", "squared", None, {"monotone": {"x2": "increasing", "x3": "decreasing"}}),
    ("categorical", "categorical", "squared", None, {}),
    ("weights", "weights", "squared", None, {}),
    ("absolute", "numeric", "absolute", None, {}),
    ("absolute, weights", "weights", "absolute", None, {}),
    ("absolute, missing", "missing", "absolute", None, {}),
    ("absolute, categorical", "categorical", "absolute", None, {}),
    ("huber", "outliers", "huber", None, {"delta": 0.9}),
    ("poisson", "counts", "poisson", None, {"trees": 60}),
    ("tweedie", "amounts", "tweedie", None, {"trees": 60, "power": 1.5}),
    ("quantile 0.1", "spread", "quantile", 0.1, {}),
    ("quantile 0.9", "spread", "quantile", 0.9, {}),
]
NAMES = {
    "trees": "num_iterations", "learningRate": "learning_rate", "leaves": "num_leaves", "maxDepth": "max_depth",
    "minLeafRows": "min_data_in_leaf", "l1": "lambda_l1", "l2": "lambda_l2", "bins": "max_bin",
    "delta": "alpha", "power": "tweedie_variance_power", "rowFraction": "bagging_fraction", "columnFraction": "feature_fraction",
}
OBJECTIVES = {"squared": "regression", "absolute": "regression_l1", "quantile": "quantile", "huber": "huber",
              "poisson": "poisson", "tweedie": "tweedie"}
METRICS = {"squared": "rmse", "absolute": "mae", "quantile": "pinball", "huber": "mae", "poisson": "poisson deviance",
           "tweedie": "tweedie deviance"}


def fit(kind, loss, alpha, options, seed, extra=None):
    x, y, w = data(kind, 1000 * seed, options.get("rows", TRAIN))
    params = {"objective": OBJECTIVES[loss], "num_threads": 1, "verbose": -1, "deterministic": True, "seed": seed,
              "num_iterations": 150, "feature_pre_filter": False, **(extra or {})}
    params |= {NAMES[key]: value for key, value in options.items() if key in NAMES}
    if "monotone" in options:
        sign = {"increasing": 1, "decreasing": -1}
        params["monotone_constraints"] = [sign.get(options["monotone"].get(f"x{c}"), 0) for c in range(x.shape[1])]
    if alpha is not None:
        params["alpha"] = alpha
    if "rowFraction" in options:
        params["bagging_freq"] = 1
    categorical = [2, 3] if kind == "categorical" else "auto"
    weighted = kind in ("weights", "counts")
    train = lightgbm.Dataset(x, y, weight=w if weighted else None, categorical_feature=categorical, params=params)
    return lightgbm.train(params, train)


cases = []
for name, kind, loss, alpha, options in CASES:
    metric = METRICS[loss]
    errors = []
    for seed in SEEDS:
        x, y, w = data(kind, 1000 * seed + 1, TEST)
        errors.append(error(metric, alpha, y, fit(kind, loss, alpha, options, seed).predict(x), w))
    cases.append({"name": name, "data": kind, "loss": loss, "alpha": alpha, "options": options, "metric": metric,
                  "error": float(np.mean(errors))})

exact = []
for loss, kind in [("squared", "grid"), ("absolute", "grid"), ("huber", "grid"), ("poisson", "grid counts"),
                   ("tweedie", "grid counts")]:
    # LightGBM guesses the rows of a leaf from its hessians, so a limit on them would mean something else there.
    least = 1 if loss in ("poisson", "tweedie") else 20
    model = fit(kind, loss, None, {"trees": 10, "leaves": 8, "rows": 400, "minLeafRows": least}, 1, {"min_data_in_bin": 1})
    x, _, _ = data(kind, 1001, 40)
    exact.append({"loss": loss, "data": kind, "minLeafRows": least, "predicted": [round(float(p), 7) for p in model.predict(x)]})

out = {"made with": {"lightgbm": lightgbm.__version__, "numpy": np.__version__, "python": platform.python_version()},
       "train": TRAIN, "test": TEST, "seeds": SEEDS, "cases": cases, "exact": exact}
pathlib.Path(__file__).with_name("lightgbm.json").write_text(json.dumps(out, indent=2) + "\n")

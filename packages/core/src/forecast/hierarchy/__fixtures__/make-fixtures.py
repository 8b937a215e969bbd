"""Writes reconciled.json with the numbers of hierarchicalforecast.

    python -m venv venv && venv/bin/pip install hierarchicalforecast==1.5.3
    venv/bin/python make-fixtures.py

Bottom series are regions x products; `levels` says which keys each level keeps. Errors are centred. The library refuses such ones, but
centres them itself for minTrace, and takes only their squares for variances: it is given them with 1 added, or without their sign.
"""

import json
import pathlib

import numpy as np
from hierarchicalforecast.methods import BottomUp, MinTrace

here = pathlib.Path(__file__).parent
random = np.random.default_rng(11)


def rounded(values):
    return [float(f"{value:.6g}") for value in np.asarray(values).ravel()]


def summing(keys, levels):
    rows = []
    for level in levels:
        groups = dict.fromkeys(tuple(key[name] for name in level) for key in keys)
        for group in groups:
            rows.append([float(tuple(key[name] for name in level) == group) for key in keys])
    return np.array(rows + np.eye(len(keys)).tolist())


def case(name, keys, levels, times, horizon, low):
    S = summing(keys, levels)
    count = len(S)
    bottom = random.gamma(2, 20, (len(keys), horizon)) - low
    base = np.array(rounded(S @ bottom + random.normal(0, 8, (count, horizon)) * np.sqrt(S.sum(axis=1))[:, None])).reshape(count, horizon)
    mixing = random.normal(0, 1, (count, 3))
    errors = random.normal(0, 3, (times, count)) * np.sqrt(S.sum(axis=1)) + random.normal(0, 3, (times, 3)) @ mixing.T
    errors = np.array(rounded(errors - errors.mean(axis=0))).reshape(times, count)
    errors -= errors.mean(axis=0)
    result = {}

    def insample(method):
        given = errors + 1 if method == "minTrace" else np.abs(errors)
        return {"y_insample": given.T, "y_hat_insample": np.zeros_like(errors.T)}

    methods = {
        "bottomUp": BottomUp(),
        "ols": MinTrace("ols"),
        "structural": MinTrace("wls_struct"),
        "variance": MinTrace("wls_var"),
        "minTrace": MinTrace("mint_shrink", mint_shr_ridge=0),
    }
    for method, one in methods.items():
        extra = {} if method == "bottomUp" else insample(method)
        result[method] = rounded_exactly(one.fit_predict(S=S, y_hat=base, **extra)["mean"])
    for method, name_there in {"ols": "ols", "structural": "wls_struct", "minTrace": "mint_shrink"}.items():
        settings = {"mint_shr_ridge": 0} if method == "minTrace" else {}
        one = MinTrace(name_there, nonnegative=True, **settings)
        mean = one.fit_predict(S=S, y_hat=base, **insample(method))["mean"]
        result[f"{method}, not below 0"] = rounded_exactly(mean)
    return {
        "name": name,
        "keys": keys,
        "levels": levels,
        "horizon": horizon,
        "base": base.ravel().tolist(),
        "errors": [float(f"{value:.12g}") for value in errors.ravel()],
        "reconciled": result,
    }


def rounded_exactly(values):
    return [float(f"{value:.12g}") for value in np.asarray(values).ravel()]


tree = [{"region": region, "store": f"{region}{i}"} for region, size in [("a", 3), ("b", 2), ("c", 1)] for i in range(size)]
crossed = [{"region": region, "product": product} for region in "abc" for product in "xyz"]
cases = [
    case("a tree", tree, [[], ["region"]], 40, 3, 0),
    case("crossed groups", crossed, [[], ["region"], ["product"]], 60, 3, 0),
    case("fewer errors than series", crossed, [[], ["region"], ["product"]], 8, 2, 0),
    case("forecasts below 0", tree, [[], ["region"]], 50, 4, 30),
]
(here / "reconciled.json").write_text(json.dumps(cases) + "\n")

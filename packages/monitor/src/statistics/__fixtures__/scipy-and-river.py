"""Writes the expected values of scipy-and-river.json anew, from the inputs and parameters that are in it.

Run: pip install scipy==1.17.1 numpy==2.4.6 river==0.26.1 && python scipy-and-river.py
"""

import json
import pathlib

import numpy as np
from river import drift
from scipy import stats
from scipy.spatial.distance import jensenshannon


def psi(a, b):
    edges = np.quantile(a, np.arange(1, 10) / 10)
    p, q = (np.bincount(np.searchsorted(edges, v, side="right"), minlength=10) / len(v) for v in (a, b))
    p, q = np.maximum(p, 1e-4), np.maximum(q, 1e-4)
    return float(np.sum((q - p) * np.log(q / p)))


def two(name, result):
    return {name: float(result.statistic), "p": float(result.pvalue)}


def contingency(table):
    result = stats.chi2_contingency(table)
    return {"chi2": float(result.statistic), "p": float(result.pvalue), "cramersV": float(stats.contingency.association(np.array(table), "cramer"))}


def alarms(detector, values):
    return [i for i, value in enumerate(values) if (detector.update(value), detector.drift_detected)[1]]


makers = {
    "ks": lambda a, b, method: two("D", stats.ks_2samp(a, b, method=method)),
    "w1": lambda a, b: float(stats.wasserstein_distance(a, b)),
    "energy": lambda a, b: float(stats.energy_distance(a, b)),
    "psi": lambda a, b, bins: psi(a, b),
    "cvm": lambda a, b, method: two("T", stats.cramervonmises_2samp(a, b, method=method)),
    "js": lambda p, q, base: float(jensenshannon(p, q, base=base)),
    "chi2": contingency,
    "bh": lambda p: stats.false_discovery_control(p).tolist(),
    "ADWIN": lambda x, **params: alarms(drift.ADWIN(**params), x),
    "PageHinkley": lambda x, **params: alarms(drift.PageHinkley(**params), x),
}

path = pathlib.Path(__file__).with_suffix(".json")
cases = json.loads(path.read_text())
for case in cases:
    case["expected"] = makers[case["name"].split("_")[0]](**case["inputs"], **case["params"])
path.write_text("[\n" + ",\n".join("  " + json.dumps(case) for case in cases) + "\n]\n")
print(len(cases))

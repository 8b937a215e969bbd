"""Writes peers.json: the statistics that Evidently and statsmodels have too, by them.

- Evidently: PSI, Jensen-Shannon and Hellinger of two samples. It bins numbers by Sturges' rule over both samples; the edges are written
  beside the values, as the binning is not what is compared. Categories are counted as they are.
- statsmodels: Benjamini-Hochberg, and the Ljung-Box test of series with a mean of zero.
Run: pip install evidently==0.7.23 "pandas==2.3.3" statsmodels==0.15.0 numpy==2.4.6 && python peers.py
"""

import json
import pathlib
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import hellinger_stat_test, jensenshannon_stat_test, psi_stat_test
from evidently.legacy.core import ColumnType
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.stats.multitest import multipletests

warnings.simplefilter("ignore")
random = np.random.default_rng(5)


def scores(reference, current, kind):
    return {
        name: float(test(pd.Series(reference), pd.Series(current), kind, None).drift_score)
        for name, test in [("psi", psi_stat_test), ("jensenShannon", jensenshannon_stat_test), ("hellinger", hellinger_stat_test)]
    }


def rounded(values):
    return [float(v) for v in np.round(values, 4)]


numbers = []
for reference, current in [
    (random.normal(size=60), random.normal(0.5, 1.2, size=45)),
    (random.exponential(size=400), random.exponential(1.5, size=300)),
    (random.normal(size=500), random.normal(size=500)),
    # Bins that are empty on one side: both put a share of 0.0001 there.
    (random.normal(0, 1, size=200), random.normal(6, 1, size=150)),
    (random.standard_t(2, size=300), random.standard_t(2, size=70)),
]:
    reference, current = rounded(reference), rounded(current)
    edges = np.histogram_bin_edges(reference + current, bins="sturges")
    numbers.append({"reference": reference, "current": current, "edges": edges[1:-1].tolist(), **scores(reference, current, ColumnType.Numerical)})

categories = []
for before, now in [([30, 20, 5], [18, 25, 9]), ([50, 40], [30, 20]), ([12, 7, 3, 9, 4], [1, 1, 8, 3, 14]), ([40, 10, 0], [20, 5, 6])]:
    spread = lambda counts: [f"c{i}" for i, count in enumerate(counts) for _ in range(count)]
    reference, current = spread(before), spread(now)
    categories.append({"reference": before, "current": now, **scores(reference, current, ColumnType.Categorical)})

adjusted = []
for p in [random.uniform(size=12) ** 3, np.full(5, 0.03), [0.5], [0, 1e-12, 0.2, 1], random.uniform(size=60) ** 2]:
    p = [float(v) for v in p]
    rejected, values, _, _ = multipletests(p, alpha=0.05, method="fdr_bh")
    adjusted.append({"pValues": p, "adjusted": values.tolist(), "rejected": rejected.tolist()})

ljung_box = []
for phi, n, lags, parameters in [(0, 120, 10, 0), (0.1, 672, 48, 1), (0.15, 200, 50, 3), (-0.2, 300, 24, 0), (0, 2000, 192, 8)]:
    values = random.normal(size=n)
    for i in range(1, n):
        values[i] += phi * values[i - 1]
    values = np.round(values, 4)
    values = np.round(values - values.mean(), 12)
    found = acorr_ljungbox(values, lags=[lags], model_df=parameters)
    ljung_box.append({"values": values.tolist(), "lags": lags, "parameters": parameters, "pValue": float(found["lb_pvalue"].iloc[0])})


def lines(cases):
    return ",\n".join("    " + json.dumps(case) for case in cases)


generator = ", ".join(f"{name} {version(name)}" for name in ["evidently", "pandas", "statsmodels", "scipy", "numpy"])
body = {"numbers": numbers, "categories": categories, "benjaminiHochberg": adjusted, "ljungBox": ljung_box}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(
    f'{{\n  "generator": {json.dumps(generator)},\n'
    + ",\n".join(f"  {json.dumps(name)}: [\n{lines(cases)}\n  ]" for name, cases in body.items())
    + "\n}\n"
)
print({name: len(cases) for name, cases in body.items()})

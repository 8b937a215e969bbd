"""Writes model-confidence-set.json: model confidence sets by Python's arch, with the bootstrap's rows, and its automatic block lengths.

Run: pip install arch==8.0.0 numpy==2.4.6 && python model-confidence-set.py
"""

import json
import pathlib

import numpy as np
from arch.bootstrap import MCS, optimal_block_length

random = np.random.default_rng(11)


def autoregression(phi, n):
    x = np.zeros(n + 50)
    for t in range(1, n + 50):
        x[t] = phi * x[t - 1] + random.normal()
    return x[50:]


sets = []
for n, shifts, phi in [(30, [0, 0.1, 1.2, 2], 0), (40, [0, 0, 0], 0.5), (60, [0, 0.3, 0.6, 0.9, 1.2], 0.3)]:
    common = autoregression(0.7, n)
    losses = np.column_stack([np.abs(common + shift + autoregression(phi, n)) + shift for shift in shifts])
    for method in ["R", "max"]:
        mcs = MCS(losses, size=0.1, reps=100, block_size=4, method=method, bootstrap="circular", seed=3)
        mcs.compute()
        pvalues = mcs.pvalues["Pvalue"]
        sets.append(
            {
                "losses": losses.T.tolist(),
                "statistic": "range" if method == "R" else "max",
                "rows": np.array(mcs._bootstrap_indices).tolist(),
                "pValues": [float(pvalues.loc[i]) for i in range(len(shifts))],
                "included": [int(i) for i in mcs.included],
            }
        )

lengths = []
for n, phi in [(50, 0), (50, 0.5), (200, 0.3), (200, 0.9), (400, -0.5)]:
    values = autoregression(phi, n)
    lengths.append({"values": values.tolist(), "circular": float(optimal_block_length(values)["circular"].iloc[0])})

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"sets": sets, "lengths": lengths}) + "\n")
print([(case["statistic"], case["pValues"], case["included"]) for case in sets], [case["circular"] for case in lengths])

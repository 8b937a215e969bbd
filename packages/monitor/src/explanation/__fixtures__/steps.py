"""Places of a step in the mean by ruptures (Dynp, cost l2, at least 3 values a side). Run: python3 steps.py > steps.json"""

import json

import numpy
import ruptures

cases = []
for name, length, at, size, seed in [
    ("middle", 60, 30, 1.0, 1),
    ("late", 60, 52, 2.0, 2),
    ("early", 60, 6, 2.0, 3),
    ("small", 80, 50, 0.5, 4),
    ("none", 40, 0, 0.0, 5),
]:
    values = numpy.random.default_rng(seed).normal(size=length) + numpy.where(numpy.arange(length) >= at, size, 0)
    values = values.round(6)
    found = ruptures.Dynp(model="l2", min_size=3, jump=1).fit(values).predict(n_bkps=1)[0]
    cases.append({"name": name, "values": values.tolist(), "at": found})
print(json.dumps({"source": f"ruptures {ruptures.version.version}, numpy {numpy.__version__}", "cases": cases}))

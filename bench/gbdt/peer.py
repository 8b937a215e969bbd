"""Measures LightGBM on one input file, on so many threads. Run by run.ts, in a process of its own."""
import json
import resource
import sys
import time

import lightgbm
import numpy as np

with open(sys.argv[1], "rb") as file:
    bench = json.loads(file.readline())
    data = np.frombuffer(file.read(), dtype="<f8")
rows, numeric, categorical = bench["rows"], bench["numeric"], bench["categorical"]
table = data.reshape(numeric + categorical + 1, rows)
x = np.ascontiguousarray(table[:-1].T)
y = table[-1]
cut = rows * 9 // 10
params = {
    "objective": {"squared": "regression", "absolute": "regression_l1"}[bench["loss"]],
    "num_leaves": bench["leaves"], "num_threads": int(sys.argv[2]), "verbose": -1,
}


def fit():
    start = time.perf_counter()
    train = lightgbm.Dataset(x[:cut], y[:cut], params=params,
                             categorical_feature=list(range(numeric, numeric + categorical)) or "auto")
    model = lightgbm.train(params, train, bench["trees"])
    return model, (time.perf_counter() - start) * 1000


def rss():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


before = rss()
cpu = time.process_time()
_, first = fit()
cpu = (time.process_time() - cpu) * 1000
model, second = fit()
start = time.perf_counter()
predicted = model.predict(x[cut:], num_threads=1)
predict = (time.perf_counter() - start) * 1000
single = [x[row:row + 1] for row in range(cut, min(rows, cut + 1000))]
start = time.perf_counter()
for row in single:
    model.predict(row, num_threads=1)
row_micros = (time.perf_counter() - start) * 1e6 / len(single)
error = predicted - y[cut:]
print(json.dumps({
    "version": f"lightgbm {lightgbm.__version__}",
    "fitMs": first, "refitMs": second, "fitCpuMs": cpu, "predictMs": predict, "testRows": rows - cut,
    "rowMicros": row_micros,
    "error": float(np.sqrt(np.mean(error**2)) if bench["loss"] == "squared" else np.mean(np.abs(error))),
    "peakRssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "rssBeforeMb": before,
}))

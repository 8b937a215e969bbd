"""The cases of tsops.ts with the Python package `deltalake` (which does not flush to disk before it returns).

usage: peer.py DIRECTORY ROWS SMALL_ROWS APPENDS REPEATS; prints JSON: milliseconds by case.
"""

import json
import os
import shutil
import sys
import time

import deltalake
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

directory, rows, small_rows, appends, repeats = sys.argv[1], *map(int, sys.argv[2:6])
us = pa.timestamp("us", "UTC")


def table(n, start=0):
    return pa.table(
        {
            "meter": pa.array([f"meter {i % 1000}" for i in range(n)]).dictionary_encode(),
            "at": pa.array([(start + i) * 1_000_000 for i in range(n)], us),
            "a": pa.array([i / 7 for i in range(n)]),
            "b": pa.array([None if i % 10 == 0 else i / 3 for i in range(n)]),
            "c": pa.array(range(n), pa.int64()),
        }
    )


def measured(work):
    times = []
    for repeat in range(repeats):
        started = time.perf_counter()
        work(repeat)
        times.append((time.perf_counter() - started) * 1000)
    return times


big, large_path, small_path = table(rows), os.path.join(directory, "large"), os.path.join(directory, "small")
results = {"append large": measured(lambda _: write_deltalake(large_path, big, mode="append"))}
results["read large"] = measured(lambda repeat: DeltaTable(large_path, version=0).to_pyarrow_table())
hours = [table(small_rows, i) for i in range(appends)]
times = []
for hour in hours:
    started = time.perf_counter()
    write_deltalake(small_path, hour, mode="append")
    times.append((time.perf_counter() - started) * 1000)
results["append small"] = times
results["open and read many small files"] = measured(lambda _: DeltaTable(small_path).to_pyarrow_table())
print(json.dumps({"version": deltalake.__version__, "results": results}))
sys.stdout.flush()
os._exit(0)

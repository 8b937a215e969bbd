"""The cases of tsops.ts with the Python package `deltalake` (which does not flush to disk before it returns).

usage: peer.py DIRECTORY ROWS SMALL_ROWS APPENDS REPEATS; prints JSON: wall and processor milliseconds by case.
"""

import json
import os
import resource
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
    return each(range(repeats), work)


def each(items, work):
    wall, cpu = [], []
    for item in items:
        started, before = time.perf_counter(), time.process_time()
        work(item)
        wall.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - before) * 1000)
    return {"wall": wall, "cpu": cpu}


big, large_path, small_path = table(rows), os.path.join(directory, "large"), os.path.join(directory, "small")
results = {"append large": measured(lambda _: write_deltalake(large_path, big, mode="append"))}
results["read large"] = measured(lambda repeat: DeltaTable(large_path, version=0).to_pyarrow_table())
hours = [table(small_rows, i) for i in range(appends)]
results["append small"] = each(hours, lambda hour: write_deltalake(small_path, hour, mode="append"))
results["open and read many small files"] = measured(lambda _: DeltaTable(small_path).to_pyarrow_table())
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"version": deltalake.__version__, "peakMb": peak_mb, "results": results}))
sys.stdout.flush()
os._exit(0)

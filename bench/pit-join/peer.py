"""The join by event time with pandas and polars, on the same rows as Parquet files.

usage: peer.py LIBRARY FEATURES.parquet SPINE.parquet REPEATS; prints JSON: milliseconds from files to the joined rows in
the order of the spine, rows, version and peak memory. One library a process, so that the memory is its own.
"""

import json
import resource
import sys
import time

library, features_path, spine_path, repeats = *sys.argv[1:4], int(sys.argv[4])


def with_pandas():
    import pandas as pd

    features = pd.read_parquet(features_path, columns=["sensor", "at", "a", "b", "c"]).sort_values("at", kind="stable")
    spine = pd.read_parquet(spine_path)
    spine["row"] = range(len(spine))
    joined = pd.merge_asof(spine.sort_values("at", kind="stable"), features, on="at", by="sensor")
    return joined.sort_values("row"), pd.__version__


def with_polars():
    import polars as pl

    features = pl.read_parquet(features_path, columns=["sensor", "at", "a", "b", "c"]).sort("at", maintain_order=True)
    spine = pl.read_parquet(spine_path).with_row_index("row").sort("at")
    return spine.join_asof(features, on="at", by="sensor").sort("row"), pl.__version__


work = {"pandas": with_pandas, "polars": with_polars}[library]
times, cpu_times = [], []
for _ in range(repeats):
    started, cpu = time.perf_counter(), time.process_time()
    joined, version = work()
    times.append((time.perf_counter() - started) * 1000)
    cpu_times.append((time.process_time() - cpu) * 1000)
print(
    json.dumps(
        {
            "version": version,
            "times": times,
            "cpuTimes": cpu_times,
            "rows": len(joined),
            "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)

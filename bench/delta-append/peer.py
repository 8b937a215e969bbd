"""The cases of tsops.ts with the Python package `deltalake`, which does not flush to disk before it returns.

usage: peer.py DIRECTORY CASE REPEATS LARGE SMALL APPENDS
"""

import os
import shutil
import sys

import deltalake
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from measured import report, timed

directory, case = sys.argv[1:3]
repeats, large, small, appends = map(int, sys.argv[3:7])
us = pa.timestamp("us", "UTC")


def meter_rows(n, start=0):
    return pa.table(
        {
            "meter": pa.array([f"meter {i % 1000}" for i in range(n)]).dictionary_encode(),
            "at": pa.array([(start + i) * 1_000_000 for i in range(n)], us),
            "a": pa.array([i / 7 for i in range(n)]),
            "b": pa.array([None if i % 10 == 0 else i / 3 for i in range(n)]),
            "c": pa.array(range(n), pa.int64()),
        }
    )


def scratch(repeat):
    return os.path.join(directory, f"deltalake {case} {os.getpid()} {repeat}")


def read(name):
    return lambda _: DeltaTable(os.path.join(directory, name)).to_pyarrow_table()


def append_large():
    rows = meter_rows(large)
    timed(case, repeats, lambda _: write_deltalake(scratch(0), rows, mode="append"))


def append_small():
    hours = [meter_rows(small, i) for i in range(appends)]

    def append_all(repeat):
        for hour in hours:
            write_deltalake(scratch(repeat), hour, mode="append")

    timed(case, 1, append_all, warm_up=False)


def compact():
    shutil.copytree(os.path.join(directory, "small"), scratch(0))
    table = DeltaTable(scratch(0))
    timed(case, 1, lambda _: table.optimize.compact(), warm_up=False)


{
    "append 2,000,000 rows": append_large,
    "read 2,000,000 rows": lambda: timed(case, repeats, read("large")),
    "append 24 rows, 300 times": append_small,
    "open and read 300 files of 24 rows": lambda: timed(case, repeats, read("small")),
    "compact 300 files of 24 rows": compact,
}[case]()
report(f"deltalake {deltalake.__version__}")

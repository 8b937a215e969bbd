"""What tests ask of the Python package `deltalake`: read a table, write one, or write to one of ours.

usage: deltalake_tool.py dump TABLE VERSION | create TABLE | append TABLE [TIMES] | maintain TABLE | info TABLE
"""

import datetime
import decimal
import json
import os
import sys

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, write_deltalake


def exact(value):
    """A JSON value that loses nothing: floats as hexadecimal, integers and instants (microseconds) as text."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, datetime.datetime):
        delta = value - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
        return str((delta.days * 86400 + delta.seconds) * 1_000_000 + delta.microseconds)
    return str(value)


def dump(path, version):
    table = DeltaTable(path, version=int(version)).to_pyarrow_table()
    print(json.dumps([{name: exact(value) for name, value in row.items()} for row in table.to_pylist()]))


def create(path):
    """Every type that tsops reads from other tools, with nulls, in several commits with a checkpoint and a compaction."""
    rows = 3000
    valid = [i % 7 != 0 for i in range(rows)]

    def column(make, kind):
        return pa.array([make(i) if valid[i] else None for i in range(rows)], kind)

    table = pa.table(
        {
            "at": pa.array([i * 1_000_003 for i in range(rows)], pa.timestamp("us", "UTC")),
            "f64": column(lambda i: i / 7, pa.float64()),
            "f32": column(lambda i: i / 8, pa.float32()),
            "i64": column(lambda i: 2**62 + i, pa.int64()),
            "i32": column(lambda i: -i, pa.int32()),
            "i16": column(lambda i: i, pa.int16()),
            "i8": column(lambda i: i % 256 - 128, pa.int8()),
            "text": column(lambda i: f"name {i % 50} žluťoučký", pa.string()),
            "flag": column(lambda i: i % 2 == 0, pa.bool_()),
            "day": column(lambda i: datetime.date(1969, 1, 1) + datetime.timedelta(days=i), pa.date32()),
            "price": column(lambda i: decimal.Decimal(i) / 100, pa.decimal128(10, 2)),
        }
    )
    write_deltalake(path, table.slice(0, 1000))
    for start in range(1000, rows, 250):
        write_deltalake(path, table.slice(start, 250), mode="append")
    delta = DeltaTable(path)
    delta.create_checkpoint()
    delta.optimize.compact()
    write_deltalake(path, table.slice(0, 1), mode="append")


def append(path, times="1"):
    """Two rows for the table `load` that tsops created; a writer that is not tsops leaves the ingest columns null."""
    us = pa.timestamp("us", "UTC")
    table = pa.table(
        {
            "station": pa.array(["python", None]),
            "at": pa.array([1, 2], us),
            "known": pa.array([None, 3], us),
            "mw": pa.array([0.1, None]),
            "meter": pa.array([2**53 + 1, -1], pa.int64()),
            "_ingest_time": pa.nulls(2, us),
            "_ingest_version": pa.nulls(2, pa.int64()),
            "_ingest_row": pa.nulls(2, pa.int64()),
        },
        schema=DeltaTable(path).to_pyarrow_table().schema,
    )
    for _ in range(int(times)):
        # A writer in a tight loop beside this one wins more often than the default of 15 retries allows for.
        write_deltalake(path, table, mode="append", commit_properties=CommitProperties(max_commit_retries=1000))


def maintain(path):
    DeltaTable(path).create_checkpoint()


def info(path):
    table = DeltaTable(path)
    adds = pa.table(table.get_add_actions(flatten=True))
    print(json.dumps({
        "version": table.version(),
        "fields": [[field.name, str(field.type.type), field.nullable] for field in table.schema().fields],
        "records": sum(adds["num_records"].to_pylist()),
        "minAt": exact(min(adds["min.at"].to_pylist())),
        "maxAt": exact(max(adds["max.at"].to_pylist())),
        "transaction": table.transaction_version("app"),
    }))


commands = {"dump": dump, "create": create, "append": append, "maintain": maintain, "info": info}
commands[sys.argv[1]](*sys.argv[2:])
# Threads of pyarrow sometimes abort the interpreter while it shuts down, after everything is done.
sys.stdout.flush()
os._exit(0)

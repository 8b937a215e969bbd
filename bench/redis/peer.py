"""Feast's Redis online store: the same entities, values and calls."""

import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlparse

import feast
import pandas
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64
from measured import report, timed

url, repeats, entities = urlparse(sys.argv[1]), int(sys.argv[2]), 1000
directory = Path(tempfile.mkdtemp(prefix="feast-bench-"))
start = datetime(2026, 1, 1, tzinfo=timezone.utc)


def rows(first, count, hours):
    return pandas.DataFrame(
        {
            "meter": [f"meter-{n % entities}" for n in range(first, first + count)],
            "at": [start + timedelta(hours=hours)] * count,
            "watts": [n * 1.5 for n in range(first, first + count)],
            "volts": [230.0] * count,
        }
    )


rows(0, entities, 23).to_parquet(directory / "meters.parquet")
store = FeatureStore(
    config=RepoConfig(
        project="bench",
        provider="local",
        registry=str(directory / "registry.db"),
        offline_store={"type": "dask"},
        online_store={
            "type": "redis",
            "connection_string": f"{url.hostname}:{url.port},password={url.password}",
        },
        entity_key_serialization_version=3,
    )
)
meter = Entity(name="meter", join_keys=["meter"])
view = FeatureView(
    name="latest",
    entities=[meter],
    ttl=timedelta(days=3650),
    schema=[Field(name="watts", dtype=Float64), Field(name="volts", dtype=Float64)],
    source=FileSource(path=str(directory / "meters.parquet"), timestamp_field="at"),
)
store.apply([meter, view])
features = ["latest:watts", "latest:volts"]
store.write_to_online_store("latest", rows(0, entities, 23))


def read(first, count):
    return store.get_online_features(
        features=features,
        entity_rows=[{"meter": f"meter-{n % entities}"} for n in range(first, first + count)],
    )


found = read(0, 2).to_dict()
assert found["watts"] == [0.0, 1.5] and found["volts"] == [230.0, 230.0], found

hours = 24


def write_single(_):
    global hours
    hours += 1
    for n in range(1000):
        store.write_to_online_store("latest", rows(n, 1, hours))


def write_batches(_):
    global hours
    for _ in range(20):
        hours += 1
        store.write_to_online_store("latest", rows(0, 1000, hours))


timed("read one entity a call", repeats, lambda _: [read(n, 1) for n in range(1000)])
timed("read 100 entities a call", repeats, lambda _: [read(n * 100, 100) for n in range(100)])
timed("write one row a call", repeats, write_single)
timed("write 1,000 rows a call", repeats, write_batches)
report(f"Feast {feast.__version__}")

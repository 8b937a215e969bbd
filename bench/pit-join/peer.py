"""The join by event time with pandas, polars and Feast, on the same rows as Parquet files.

usage: peer.py LIBRARY FEATURES.parquet SPINE.parquet REPEATS. What is timed goes from the files to the joined rows, which pandas
and polars put back in the order of the spine. One library a process, so that the memory is its own.
"""

import sys
import tempfile

from measured import report, timed

library, features_path, spine_path, repeats = *sys.argv[1:4], int(sys.argv[4])
case = "3 columns, by event time"


def with_pandas():
    import pandas as pd

    def join(_):
        columns = ["sensor", "at", "a", "b", "c"]
        features = pd.read_parquet(features_path, columns=columns).sort_values("at", kind="stable")
        spine = pd.read_parquet(spine_path)
        spine["row"] = range(len(spine))
        joined = pd.merge_asof(spine.sort_values("at", kind="stable"), features, on="at", by="sensor")
        return joined.sort_values("row")

    timed(case, repeats, join)
    return f"pandas {pd.__version__}"


def with_polars():
    import polars as pl

    def join(_):
        columns = ["sensor", "at", "a", "b", "c"]
        features = pl.read_parquet(features_path, columns=columns).sort("at", maintain_order=True)
        spine = pl.read_parquet(spine_path).with_row_index("row").sort("at")
        return spine.join_asof(features, on="at", by="sensor").sort("row")

    timed(case, repeats, join)
    return f"polars {pl.__version__}"


def with_feast():
    import feast
    import pandas as pd
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
    from feast.types import Float64

    directory = tempfile.mkdtemp()
    store = FeatureStore(
        config=RepoConfig(
            project="bench",
            provider="local",
            registry=f"{directory}/registry.db",
            # Its default, Dask, pairs each spine row with every row of its key first: more than 9 GiB here.
            offline_store={"type": "duckdb"},
            online_store={"type": "sqlite", "path": f"{directory}/online.db"},
            entity_key_serialization_version=3,
        )
    )
    sensor = Entity(name="sensor", join_keys=["sensor"], value_type=ValueType.INT64)
    view = FeatureView(
        name="readings",
        entities=[sensor],
        ttl=None,
        schema=[Field(name=name, dtype=Float64) for name in "abc"],
        source=FileSource(path=features_path, timestamp_field="at"),
    )
    store.apply([sensor, view])

    def join(_):
        spine = pd.read_parquet(spine_path).rename(columns={"at": "event_timestamp"})
        names = [f"readings:{name}" for name in "abc"]
        return store.get_historical_features(entity_df=spine, features=names).to_df()

    timed(case, repeats, join, warm_up=False)
    return f"feast {feast.__version__}"


report({"pandas": with_pandas, "polars": with_polars, "feast": with_feast}[library]())

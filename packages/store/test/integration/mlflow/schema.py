"""Prints, as JSON, the schema that MLflow's own migrations create up to a revision: schema.py DB_PATH REVISION"""

import json
import sqlite3
import sys

import mlflow
import sqlalchemy
from alembic import command
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase

path, revision = sys.argv[1:]
engine = sqlalchemy.create_engine(f"sqlite:///{path}")
InitialBase.metadata.create_all(engine)
config = _get_alembic_config(f"sqlite:///{path}")
with engine.begin() as connection:
    config.attributes["connection"] = connection
    command.upgrade(config, revision)

rows = sqlite3.connect(path).execute(
    "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
)
objects = [dict(zip(("type", "name", "table", "sql"), row)) for row in rows]
json.dump({"mlflow": mlflow.__version__, "revision": revision, "objects": objects}, sys.stdout, indent=1)

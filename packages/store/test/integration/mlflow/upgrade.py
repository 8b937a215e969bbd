"""Upgrades a database one revision at a time: upgrade.py DB_PATH

Prints each revision once the file is at it and waits for a line on stdin before going on, so that another process
can write in between. Ends after the newest revision.
"""

import sys

import sqlalchemy
from alembic import command
from alembic.script import ScriptDirectory
from mlflow.store.db.utils import _get_alembic_config

url = f"sqlite:///{sys.argv[1]}"
config = _get_alembic_config(url)
engine = sqlalchemy.create_engine(url)
with engine.connect() as connection:
    current = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar_one()

print(current, flush=True)
scripts = list(ScriptDirectory.from_config(config).iterate_revisions("heads", current))
for script in reversed(scripts):
    if sys.stdin.readline() == "":
        sys.exit("stdin was closed")
    if script.revision == current:
        continue
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, script.revision)
    print(script.revision, flush=True)

"""Metrics with MLflow's own Python client: to a server, or to a SQLite file of its own that it makes in FOLDER.

usage: mlflow_peer.py URL|FOLDER REPEATS ONE_A_CALL. ONE_A_CALL is how many metrics a repeat of "metrics, one a call" logs.
"""

import math
import os
import sys
import tempfile

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import mlflow
from measured import report, timed
from mlflow import MlflowClient
from mlflow.entities import Metric

target, repeats, single = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
if "://" in target:
    client, location = MlflowClient(tracking_uri=target), None
else:
    folder = tempfile.mkdtemp(dir=target)
    client, location = MlflowClient(tracking_uri=f"sqlite:///{folder}/mlflow.db"), f"{folder}/artifacts"
name = "metrics of mlflow"
known = client.get_experiment_by_name(name)
experiment = known.experiment_id if known else client.create_experiment(name, artifact_location=location)
run = client.create_run(experiment).info.run_id
logged = 0


def metrics(count):
    global logged
    made = [Metric(f"metric-{step % 10}", math.sin(step), 1_700_000_000_000, step) for step in range(logged, logged + count)]
    logged += count
    return made


def one_a_call(_):
    for metric in metrics(single):
        client.log_metric(run, metric.key, metric.value, metric.timestamp, metric.step)


def in_batches(_):
    for _ in range(20):
        client.log_batch(run, metrics=metrics(1_000))


timed("metrics, one a call", repeats, one_a_call, warm_up=False)
timed("metrics in batches of 1,000", repeats, in_batches, warm_up=False)
report(f"mlflow {mlflow.__version__}")

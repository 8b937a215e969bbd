"""The same calls as tsops.ts with MLflow's own Python client on the same server.

usage: peer.py URL REPEATS
"""

import math
import os
import sys

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
import mlflow
from measured import report, timed
from mlflow import MlflowClient
from mlflow.entities import Metric

url, repeats = sys.argv[1], int(sys.argv[2])
client = MlflowClient(tracking_uri=url)
known = client.get_experiment_by_name("metrics of mlflow")
experiment = known.experiment_id if known else client.create_experiment("metrics of mlflow")
run = client.create_run(experiment).info.run_id
logged = 0


def metrics(count):
    global logged
    made = [Metric(f"metric-{step % 10}", math.sin(step), 1_700_000_000_000, step) for step in range(logged, logged + count)]
    logged += count
    return made


def one_a_call(_):
    for metric in metrics(500):
        client.log_metric(run, metric.key, metric.value, metric.timestamp, metric.step)


def in_batches(_):
    for _ in range(20):
        client.log_batch(run, metrics=metrics(1_000))


timed("metrics, one a call", repeats, one_a_call, warm_up=False)
timed("metrics in batches of 1,000", repeats, in_batches, warm_up=False)
report(f"mlflow {mlflow.__version__}")

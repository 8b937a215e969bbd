"""Writes as a Python user would, beside Node: write.py TRACKING_URI EXPERIMENT MODEL RUNS

Logs RUNS runs with 20 metric calls each, then registers files of a run as the next version of MODEL. Prints JSON.
"""

import json
import sys

import mlflow

uri, experiment, model, runs = sys.argv[1:]
mlflow.set_tracking_uri(uri)
mlflow.set_experiment(experiment)
client = mlflow.MlflowClient()
ids = []
for index in range(int(runs)):
    with mlflow.start_run(run_name=f"python-{index}") as run:
        ids.append(run.info.run_id)
        mlflow.log_param("index", index)
        for step in range(20):
            mlflow.log_metric("mae", float(step), step=step)

with mlflow.start_run(run_name="python-model") as run:
    mlflow.log_text("flavors: {}\n", "model/MLmodel")
    mlflow.log_text("1 2 3", "model/weights.txt")
    source = f"{run.info.artifact_uri}/model"
if not client.search_registered_models(f"name='{model}'"):
    client.create_registered_model(model)
version = client.create_model_version(model, source, run.info.run_id, tags={"from": "python"})
print(json.dumps({"runs": ids, "modelRun": run.info.run_id, "version": int(version.version)}))

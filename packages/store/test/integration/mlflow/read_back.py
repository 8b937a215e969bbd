"""Prints, as JSON, everything that MLflow's Python client sees in a database or on a server: read_back.py DB_PATH_OR_URL EXPERIMENT MODEL"""

import hashlib
import json
import sys
from pathlib import Path

import mlflow
from mlflow.models import Model

path, experiment_name, model_name = sys.argv[1:]
mlflow.set_tracking_uri(path if path.startswith("http") else f"sqlite:///{path}")
client = mlflow.MlflowClient()


def number(value):
    return value if value == value and abs(value) != float("inf") else str(value)


def read_run(run):
    history = {
        key: [[number(m.value), m.timestamp, m.step] for m in client.get_metric_history(run.info.run_id, key)]
        for key in run.data.metrics
    }
    return {
        "id": run.info.run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "user": run.info.user_id,
        "start": run.info.start_time,
        "end": run.info.end_time,
        "params": run.data.params,
        "metrics": {key: number(value) for key, value in run.data.metrics.items()},
        "history": history,
        "tags": run.data.tags,
        "inputs": [
            {
                "name": i.dataset.name,
                "digest": i.dataset.digest,
                "sourceType": i.dataset.source_type,
                "source": i.dataset.source,
                "schema": i.dataset.schema,
                "profile": i.dataset.profile,
                "tags": {t.key: t.value for t in i.tags},
            }
            for i in run.inputs.dataset_inputs
        ],
        "outputs": [[m.model_id, m.step] for m in run.outputs.model_outputs],
        "artifacts": sorted(a.path for a in client.list_artifacts(run.info.run_id)),
    }


def read_model(model):
    return {
        "id": model.model_id,
        "name": model.name,
        "status": str(model.status),
        "run": model.source_run_id,
        "params": model.params,
        "tags": model.tags,
        "created": model.creation_timestamp,
    }


def read_version(version):
    return {
        "version": int(version.version),
        "run": version.run_id,
        "source": version.source,
        "status": version.status,
        "stage": version.current_stage,
        "tags": version.tags,
        "aliases": sorted(version.aliases),
        "created": version.creation_timestamp,
    }


experiment = client.get_experiment_by_name(experiment_name)
runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
models = client.search_logged_models([experiment.experiment_id])
champion = client.get_model_version_by_alias(model_name, "champion")
folder = Path(mlflow.artifacts.download_artifacts(f"models:/{model_name}@champion"))
descriptor = Model.load(f"models:/{model_name}@champion")

json.dump(
    {
        "mlflow": mlflow.__version__,
        "experiments": {e.name: e.artifact_location for e in client.search_experiments()},
        "runs": [read_run(client.get_run(run.info.run_id)) for run in runs],
        "models": [read_model(client.get_logged_model(model.model_id)) for model in models],
        "registered": [model.name for model in client.search_registered_models()],
        "versions": [
            read_version(client.get_model_version(model_name, v.version))
            for v in sorted(
                client.search_model_versions(f"name='{model_name}'"), key=lambda v: int(v.version)
            )
        ],
        "champion": int(champion.version),
        "championFiles": {
            str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        },
        "championFlavors": descriptor.flavors,
        "championRun": descriptor.run_id,
        "championModelId": descriptor.model_id,
    },
    sys.stdout,
)

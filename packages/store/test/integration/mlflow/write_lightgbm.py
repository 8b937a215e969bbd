"""Fits LightGBM, logs it as ONNX, registers it as champion and prints what it predicts: write_lightgbm.py TRACKING_URI EXPERIMENT MODEL"""

import json
import sys

import lightgbm
import mlflow
import mlflow.onnx
import numpy as np
import onnxmltools
import pandas as pd
from onnxmltools.convert.common.data_types import FloatTensorType

uri, experiment, name = sys.argv[1:]
mlflow.set_tracking_uri(uri)
mlflow.set_experiment(experiment)

columns = ["hour", "temp", "lag_24"]
random = np.random.default_rng(7)
# The converter writes floats: numbers that a float holds are compared as LightGBM compares them.
x = random.normal(size=(800, 3)).astype(np.float32).astype(np.float64)
x[random.random(x.shape) < 0.1] = np.nan
y = 100 + 10 * np.nan_to_num(x[:, 0]) + np.where(np.isnan(x[:, 1]), 5, np.sin(np.nan_to_num(x[:, 1])))
model = lightgbm.LGBMRegressor(n_estimators=80, min_child_samples=5, verbose=-1, random_state=1, n_jobs=1)
model.fit(x, y)
converted = onnxmltools.convert_lightgbm(
    model, initial_types=[("features", FloatTensorType([None, len(columns)]))], target_opset=15
)
frame = pd.DataFrame(x, columns=columns)
with mlflow.start_run():
    mlflow.onnx.log_model(
        converted,
        name="lightgbm",
        signature=mlflow.models.infer_signature(frame, y),
        registered_model_name=name,
        pip_requirements=["onnx", "onnxruntime"],
    )
mlflow.MlflowClient().set_registered_model_alias(name, "champion", 1)
print(
    json.dumps(
        {
            "columns": columns,
            "data": [[None if np.isnan(v) else v for v in row] for row in x.tolist()],
            "predicted": model.predict(x).tolist(),
        }
    )
)

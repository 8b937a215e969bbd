"""Prints what a model predicts when loaded by its alias: predict_onnx.py TRACKING_URI MODEL_URI ROWS_JSON

ROWS_JSON is a file of {"columns": [...], "data": [[...], ...]}, null where a value is missing.
"""

import json
import sys

import mlflow
import mlflow.onnx
import onnx
import pandas as pd

uri, model_uri, rows_path = sys.argv[1:]
mlflow.set_tracking_uri(uri)
with open(rows_path) as file:
    rows = json.load(file)
frame = pd.DataFrame(rows["data"], columns=rows["columns"], dtype="float64")

model = mlflow.pyfunc.load_model(model_uri)
onnx.checker.check_model(mlflow.onnx.load_model(model_uri), full_check=True)
predicted = model.predict(frame)
# The signature puts the columns in order.
shuffled = model.predict(frame[frame.columns[::-1]])
try:
    model.predict(frame.drop(columns=frame.columns[0]))
    refusal = None
except mlflow.exceptions.MlflowException as error:
    refusal = str(error)
print(
    json.dumps(
        {
            "columns": list(predicted.columns),
            "predicted": predicted["prediction"].tolist(),
            "shuffled": shuffled["prediction"].tolist(),
            "refusal": refusal,
            "signature": model.metadata.signature.to_dict(),
        }
    )
)

"""Writes scikit-learn.json: a model of lags that scikit-learn trained, as ONNX, and what scikit-learn forecasts with it.

    python -m venv venv && venv/bin/pip install scikit-learn==1.9.1 skl2onnx==1.20.0 onnx==1.23.2
    venv/bin/python make-fixtures.py
"""

import base64
import json
import pathlib

import numpy as np
import sklearn
import skl2onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import GradientBoostingRegressor

here = pathlib.Path(__file__).parent
random = np.random.default_rng(3)
lags = [1, 2, 24]
horizon = 8

t = np.arange(240)
y = np.round(50 + 20 * np.sin(2 * np.pi * t / 24) + random.normal(0, 2, 240), 3)
# The matrix of `reduce` with these lags, one column a feature in the order of its `featureNames`: a row for each target from row 24 on.
x = np.column_stack([y[24 - lag : 240 - lag] for lag in lags])
# Converted models take single precision: so does the training, or values near a threshold fall on its other side.
model = GradientBoostingRegressor(n_estimators=12, max_depth=2, random_state=0).fit(x.astype(np.float32), y[24:])
converted = skl2onnx.convert_sklearn(model, initial_types=[("X", FloatTensorType([None, len(lags)]))], target_opset={"": 15, "ai.onnx.ml": 3})

known = list(y)
for _ in range(horizon):
    known.append(float(model.predict(np.array([[known[-lag] for lag in lags]], dtype=np.float32))[0]))
(here / "scikit-learn.json").write_text(
    json.dumps(
        {
            "versions": {"scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__},
            "y": y.tolist(),
            "featureNames": [f"lag_{lag}" for lag in lags],
            "forecast": known[240:],
            "model": base64.b64encode(converted.SerializeToString()).decode(),
        }
    )
    + "\n"
)

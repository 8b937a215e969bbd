"""Writes raw-detectors.json: where River's detectors alarm on seeded series, and ADWIN's window on the way.

CUSUM is Page's (1954) recursion written out below: River has none.
Run: pip install river==0.26.1 numpy==2.4.6 && python make-fixtures.py
"""

import json
import pathlib

import numpy as np
import river
from river import drift

random = np.random.default_rng(11)
series = {
    "steps": np.concatenate([random.normal(level, 1, 400) for level in (0, 1, 4, 3.5, 0)]),
    "persistent": np.zeros(2500),
    "spread": np.concatenate([random.normal(10, 0.5, 900), random.normal(10, 3, 900)]),
    "uniform": random.uniform(0, 1, 3000),
    "constant": np.full(500, 3.0),
}
for i in range(1, 2500):
    series["persistent"][i] = 0.95 * series["persistent"][i - 1] + random.normal()
series = {name: np.round(values, 6) for name, values in series.items()}


def alarms(detector, values):
    found = []
    for i, value in enumerate(values):
        detector.update(float(value))
        if detector.drift_detected:
            found.append(i)
    return found


def cusum(values, target, deviation, slack, threshold):
    up = down = 0.0
    found = []
    for i, value in enumerate(values):
        distance = (value - target) / deviation
        up, down = max(0.0, up + distance - slack), max(0.0, down - distance - slack)
        if max(up, down) > threshold:
            found.append(i)
            up = down = 0.0
    return found


cases = []
for name, values in series.items():
    for options in [{}, {"threshold": 20.0, "min_instances": 10, "delta": 0.1, "alpha": 0.99}, {"mode": "up"}, {"mode": "down", "threshold": 10}]:
        cases.append({"detector": "pageHinkley", "series": name, "options": options, "alarms": alarms(drift.PageHinkley(**options), values)})
    for options in [{}, {"delta": 0.05, "clock": 8}, {"delta": 0.3, "clock": 1, "max_buckets": 3, "min_window_length": 12, "grace_period": 40}]:
        detector = drift.ADWIN(**options)
        found, windows = [], []
        for i, value in enumerate(values):
            detector.update(float(value))
            if detector.drift_detected:
                found.append(i)
            if i % 97 == 0:
                # River calls the sum of squared distances the variance.
                windows.append([i, detector.width, detector.estimation, detector.variance / detector.width if detector.width else 0])
        cases.append({"detector": "adwin", "series": name, "options": options, "alarms": found, "windows": windows})
    for target, deviation, slack, threshold in [(0, 1, 0.5, 5), (3, 2, 0.25, 8)]:
        options = {"target": target, "deviation": deviation, "slack": slack, "threshold": threshold}
        cases.append({"detector": "cusum", "series": name, "options": options, "alarms": cusum(values, **options)})

path = pathlib.Path(__file__).with_name("raw-detectors.json")
body = {"river": river.__version__, "series": {k: v.tolist() for k, v in series.items()}, "cases": cases}
path.write_text(json.dumps(body, separators=(",", ":")) + "\n")

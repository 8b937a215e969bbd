"""Writes newey-west.json: standard errors of a mean that allow for autocorrelation, by statsmodels.

The mean is the constant of a regression on nothing else; its HAC covariance with Bartlett weights is Newey and West's. statsmodels divides
by n, as Diebold and Mariano do; the small-sample factor of Harvey, Leybourne and Newbold is left to the test.
Run: pip install statsmodels==0.15.0 numpy==2.4.6 && python newey-west.py
"""

import json
import pathlib
from importlib.metadata import version

import numpy as np
import statsmodels.api as sm

random = np.random.default_rng(13)
cases = []
for n, phi, lag in [(12, 0, 0), (40, 0, 2), (100, 0.6, 4), (100, 0.6, 23), (250, -0.4, 7), (500, 0.9, 30)]:
    difference = np.zeros(n)
    for i in range(n):
        difference[i] = (phi * difference[i - 1] if i else 0) + random.normal()
    loss_a = np.round(5 + 0.1 + difference / 2, 6)
    loss_b = np.round(5 - difference / 2, 6)
    fitted = sm.OLS(loss_a - loss_b, np.ones(n)).fit(cov_type="HAC", cov_kwds={"maxlags": lag, "kernel": "bartlett", "use_correction": False})
    cases.append({"lossA": loss_a.tolist(), "lossB": loss_b.tolist(), "lag": lag, "mean": float(fitted.params[0]), "standardError": float(fitted.bse[0])})

path = pathlib.Path(__file__).with_suffix(".json")
body = ",\n".join("    " + json.dumps(case) for case in cases)
path.write_text(f'{{\n  "statsmodels": {json.dumps(version("statsmodels"))},\n  "cases": [\n{body}\n  ]\n}}\n')
print(len(cases))

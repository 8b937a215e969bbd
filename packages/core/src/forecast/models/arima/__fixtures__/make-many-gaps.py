"""Writes many-gaps.json beside it: what statsmodels' SARIMAX, a state space model in levels with an exact diffuse start, makes of series with many gaps.

    python -m venv venv && venv/bin/pip install statsmodels==0.14.5
    venv/bin/python make-many-gaps.py

Mean, drift and regressors are columns of `exog`, estimated by maximum likelihood like the coefficients. So is the variance, as with `concentrate_scale` statsmodels leaves out all
rows until the last phase of the season has been seen. Its likelihood has a factor (2 pi)^(-1/2) for each row that only tells where the series starts, which is taken off here.
"""

import json
import math
import pathlib
import warnings

import numpy as np
from scipy.optimize import minimize
from statsmodels.tsa.statespace.sarimax import SARIMAX

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
horizon = 14
kept = [1, 2, 5, 14]
random = np.random.default_rng(31)


def numbers(values, digits=10):
    return [float(f"{v:.{digits}g}") for v in np.asarray(values, dtype=float)]


def steps(values):
    return numbers(np.asarray(values)[np.array(kept) - 1], 9)


def lag_polynomial(coefficients, lag, sign):
    out = np.zeros(len(coefficients) * lag + 1)
    out[0] = 1
    for i, value in enumerate(coefficients):
        out[(i + 1) * lag] = sign * value
    return out


def simulated(rows, order, seasonal, m, ar, ma, seasonal_ar, seasonal_ma):
    phi = np.convolve(lag_polynomial(ar, 1, -1), lag_polynomial(seasonal_ar, m, -1))
    for _ in range(order[1]):
        phi = np.convolve(phi, [1, -1])
    for _ in range(seasonal[1]):
        phi = np.convolve(phi, lag_polynomial([1], m, -1))
    theta = np.convolve(lag_polynomial(ma, 1, 1), lag_polynomial(seasonal_ma, m, 1))
    burn = 100 if order[1] + seasonal[1] == 0 else 0
    e = random.normal(0, 1, rows + burn)
    y = np.zeros(rows + burn)
    for t in range(rows + burn):
        y[t] = sum(theta[k] * e[t - k] for k in range(min(t + 1, len(theta))))
        y[t] -= sum(phi[k] * y[t - k] for k in range(1, min(t + 1, len(phi))))
    return y[burn:]


found = []
for name, rows, order, seasonal, m, parts, constant, count, share in [
    ("mean", 160, (1, 0, 0), (0, 0, 0), 1, ([0.7], [], [], []), True, 0, 0.4),
    ("mean, mixed", 240, (2, 0, 1), (0, 0, 0), 1, ([0.5, 0.3], [0.4], [], []), True, 0, 0.3),
    ("level", 200, (0, 1, 1), (0, 0, 0), 1, ([], [-0.6], [], []), False, 0, 0.3),
    ("drift", 200, (1, 1, 1), (0, 0, 0), 1, ([0.6], [-0.3], [], []), True, 0, 0.25),
    ("slope", 150, (0, 2, 2), (0, 0, 0), 1, ([], [-1.1, 0.4], [], []), False, 0, 0.2),
    ("airline", 168, (0, 1, 1), (0, 1, 1), 7, ([], [-0.4], [], [-0.6]), False, 0, 0.2),
    ("season with drift", 180, (1, 0, 0), (0, 1, 1), 12, ([0.5], [], [], [-0.5]), True, 0, 0.15),
    ("seasonal lags", 160, (1, 0, 1), (1, 0, 0), 7, ([0.4], [0.3], [0.6], []), True, 0, 0.3),
    ("both seasonal lags", 168, (1, 0, 0), (1, 1, 1), 7, ([0.5], [], [0.3], [-0.7]), False, 0, 0.2),
    ("regressors", 160, (1, 0, 0), (0, 0, 0), 1, ([0.6], [], [], []), True, 2, 0.3),
    ("regressors in levels", 180, (0, 1, 1), (0, 0, 0), 1, ([], [-0.5], [], []), False, 1, 0.3),
    ("drift and regressor in seasons", 168, (0, 0, 1), (0, 1, 1), 7, ([], [0.4], [], [-0.5]), True, 1, 0.2),
]:
    y = simulated(rows, order, seasonal, m, *parts)
    total = rows + horizon
    x = np.round(random.normal(0, 1, (total, count)).cumsum(axis=0) / 3 + random.normal(0, 1, (total, count)), 4)
    y = np.round(20 + y + x[:rows] @ np.array([2.0, -1.5])[:count] + (0.1 * np.arange(rows) if constant and order[1] + seasonal[1] else 0), 6)
    missing = np.sort(random.choice(np.arange(1, rows), int(share * rows), replace=False))
    gone = y.copy()
    gone[missing] = np.nan
    ones = [np.ones(total)] if constant and order[1] + seasonal[1] == 0 else []
    drift = [np.arange(1.0, total + 1)] if constant and not ones else []
    exog = np.column_stack([*ones, *drift, x]) if constant or count else None
    model = SARIMAX(
        gone,
        exog=None if exog is None else exog[:rows],
        order=order,
        seasonal_order=(*seasonal, m if sum(seasonal) else 0),
        simple_differencing=False,
        use_exact_diffuse=True,
        enforce_stationarity=True,
        enforce_invertibility=True,
    )
    best = model.fit(method="lbfgs", maxiter=500, disp=False)
    free = model.untransform_params(best.params)
    for _ in range(4):
        free = minimize(
            lambda one: -model.loglike(model.transform_params(one)),
            free,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 30000, "maxfev": 30000},
        ).x
    fit = model.smooth(model.transform_params(free))
    lost = order[1] + seasonal[1] * m
    slopes = 0 if exog is None else exog.shape[1]
    ahead = fit.get_forecast(horizon, exog=None if exog is None else exog[rows:])
    found.append(
        {
            "name": name,
            "order": order,
            "seasonal": seasonal,
            "season": m,
            "constant": constant,
            "missing": [int(row) for row in missing],
            "y": numbers(y),
            "x": [numbers(column) for column in x.T],
            "slopes": numbers(fit.params[:slopes], 9),
            "coefficients": numbers(fit.params[slopes:-1], 9),
            "likelihood": float(fit.llf + lost * math.log(2 * math.pi) / 2),
            "variance": float(fit.params[-1]),
            "mean": steps(ahead.predicted_mean),
            "deviation": steps(ahead.se_mean),
        }
    )

(here / "many-gaps.json").write_text(json.dumps(found, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")

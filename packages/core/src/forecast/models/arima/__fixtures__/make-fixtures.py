"""Writes the JSON files beside it: what statsforecast makes of the series of ../../../local/__fixtures__/series.json.

    python -m venv venv && venv/bin/pip install statsforecast==2.1.1
    venv/bin/python make-fixtures.py

With differences, the search of statsforecast 2.1.1 does not maximise the likelihood: the diffuse part of the initial covariance is not restored between
evaluations (`upARIMA` sets the other part only), so the first value counts as an observation with mean 0. The likelihoods here are therefore those of its
`arima_like` with a fresh model at the coefficients that it returned, or from the covariance matrix (fixed.json); where gaps keep it from fitting at all, the same function
is maximised by Nelder and Mead's method.
"""

import json
import math
import pathlib
import warnings

import numpy as np
from scipy.linalg import solve_triangular, toeplitz
from scipy.optimize import minimize
from statsforecast.arima import (
    Arima,
    arima_like,
    arima_transpar,
    auto_arima_f,
    forecast_arima,
    kalman_forecast,
    make_arima,
    ndiffs,
    nsdiffs,
    seas_heuristic,
)
from statsmodels.tsa.arima_process import arma_acovf

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent
all_series = json.loads((here / "../../../local/__fixtures__/series.json").read_text())
horizon = 14
kept = [1, 2, 5, 14]


def numbers(values, digits=10):
    return [float(f"{v:.{digits}g}") for v in np.asarray(values, dtype=float)]


def steps(values):
    return numbers(np.asarray(values)[np.array(kept) - 1], 9)


def write(name, content):
    (here / name).write_text(json.dumps(content, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


def filtered(y, order, seasonal, m, arma, shift):
    """Likelihood by a fresh filter, and the filter at its end."""
    (p, d, q), (P, D, Q) = order, seasonal
    phi, theta = arima_transpar(np.array(arma, float), np.array([p, q, P, Q, m, d, D], dtype=np.int32), False)
    polynomial = np.array([1.0])
    for _ in range(d):
        polynomial = np.convolve(polynomial, [1, -1])
    for _ in range(D):
        polynomial = np.convolve(polynomial, [1] + [0] * (m - 1) + [-1])
    model = make_arima(phi, theta, -polynomial[1:])
    squares, logs, count, _ = arima_like(
        y - shift, model["phi"], model["theta"], model["delta"], model["a"], model["P"], model["Pn"], 0, True
    )
    n = int((~np.isnan(y)).sum()) - d - D * m
    if squares <= 0 or count == 0:
        return -1e9, 0.0, model
    likelihood = -0.5 * (n * (math.log(squares / count) + logs / count) + n + n * math.log(2 * math.pi))
    return likelihood, squares, model


def shift_of(y, order, seasonal, constant):
    return constant * (np.arange(1, len(y) + 1) if order[1] + seasonal[1] > 0 else np.ones(len(y)))


def split(order, seasonal, coefficients):
    arma = coefficients[: order[0] + order[2] + seasonal[0] + seasonal[2]]
    return arma, coefficients[len(arma)] if len(coefficients) > len(arma) else 0.0


def described(y, order, seasonal, m, coefficients):
    arma, constant = split(order, seasonal, coefficients)
    return filtered(y, order, seasonal, m, arma, shift_of(y, order, seasonal, constant))[0]


def exact_likelihood(y, order, seasonal, m, arma, shift):
    """
    From the covariance matrix of the differenced series. `arima_like` leaves rows out whose error has more than 10,000 times the variance of an innovation, as it does
    those before the differences: near a unit root its value is that of fewer rows.
    """
    (p, d, q), (P, D, Q) = order, seasonal
    phi, theta = arima_transpar(np.array(arma, float), np.array([p, q, P, Q, m, d, D], dtype=np.int32), False)
    w = y - shift
    for lag in [1] * d + [m] * D:
        w = w[lag:] - w[:-lag]
    n = len(w)
    factor = np.linalg.cholesky(toeplitz(arma_acovf(np.r_[1, -phi], np.r_[1, theta], nobs=n)))
    errors = solve_triangular(factor, w, lower=True)
    squares = errors @ errors
    logs = 2 * np.log(np.diag(factor)).sum()
    return -0.5 * (n * math.log(squares / n) + logs + n + n * math.log(2 * math.pi)), squares


def at_its_coefficients(y, order, seasonal, m, coefficients):
    """Likelihood and variance from the covariance matrix, forecasts and the share of their deviations by a fresh filter."""
    arma, constant = split(order, seasonal, coefficients)
    shift = shift_of(y, order, seasonal, constant)
    likelihood, squares = exact_likelihood(y, order, seasonal, m, arma, shift)
    sigma2 = squares / (len(y) - order[1] - seasonal[1] * m - len(coefficients))
    # Where there are differences the filter begins about 0 with a variance of a million: near the first value that says nothing.
    base = y[0] if order[1] + seasonal[1] > 0 else 0.0
    _, _, model = filtered(y - base, order, seasonal, m, arma, shift)
    ahead, variance = kalman_forecast(horizon, *(model[k] for k in ["Z", "a", "P", "T", "V", "h"]))
    rows = shift_of(np.zeros(len(y) + horizon), order, seasonal, constant)[len(y) :]
    return {
        "likelihood": likelihood,
        "sigma2": sigma2,
        "mean": steps(ahead + rows + base),
        "deviation": steps(np.sqrt(variance * sigma2)),
    }


def fixed():
    found = []
    orders = [
        ((1, 0, 0), (0, 0, 0)),
        ((0, 0, 1), (0, 0, 0)),
        ((2, 0, 1), (0, 0, 0)),
        ((0, 1, 1), (0, 0, 0)),
        ((2, 1, 2), (0, 0, 0)),
        ((0, 2, 1), (0, 0, 0)),
        ((1, 0, 0), (1, 0, 0)),
        ((0, 1, 1), (0, 1, 1)),
        ((1, 0, 1), (1, 1, 0)),
        ((2, 1, 1), (1, 0, 1)),
    ]
    for one in all_series:
        y, m = np.array(one["y"], float), one["season"]
        if np.all(y == y[0]):
            continue
        for order, seasonal in orders:
            if sum(seasonal) > 0 and (m == 1 or len(y) < 3 * m):
                continue
            drift = order[1] + seasonal[1] == 1 and order[2] != 2
            try:
                fit = Arima(
                    y, order=order, seasonal={"order": seasonal, "period": m}, include_drift=drift, method="CSS-ML"
                )
                found_there = at_its_coefficients(y, order, seasonal, m, list(fit["coef"].values()))
            except Exception:
                continue
            likelihood = found_there["likelihood"]
            if not math.isfinite(likelihood):
                continue
            found.append(
                {
                    "name": one["name"],
                    "order": order,
                    "seasonal": seasonal,
                    "constant": order[1] + seasonal[1] == 0 or drift,
                    "coefficients": numbers(list(fit["coef"].values()), 13),
                    "aicc": float(fit["aicc"] + 2 * fit["loglik"] - 2 * likelihood),
                    **found_there,
                }
            )
    return found


def gaps():
    found = []
    for name, order, seasonal, missing in [
        ("white noise", (1, 0, 0), (0, 0, 0), [1, 7, 8, 40]),
        ("negative", (2, 0, 0), (0, 0, 0), [30, 31, 32, 33, 34, 59]),
        ("months", (1, 0, 1), (0, 0, 0), [5, 6, 20, 50, 94]),
        ("months", (2, 0, 0), (1, 0, 0), [5, 6, 20, 50, 95]),
        ("months", (0, 1, 1), (0, 1, 1), [30, 31, 90]),
        ("quarters", (1, 0, 0), (1, 0, 0), [10, 11, 12, 13, 14, 15]),
        ("random walk with drift", (0, 1, 1), (0, 0, 0), [3, 4, 50]),
        ("random walk", (1, 1, 0), (0, 0, 0), [1, 2, 88, 89]),
        ("weeks", (1, 0, 0), (0, 1, 1), [2, 9, 40, 41, 139]),
    ]:
        one = next(s for s in all_series if s["name"] == name)
        y, m = np.array(one["y"], float), one["season"]
        y[missing] = np.nan
        constant = order[1] + seasonal[1] == 0
        count = order[0] + order[2] + seasonal[0] + seasonal[2]
        centre, size = np.nanmean(y), np.nanstd(y)

        def coefficients(x):
            return np.r_[x[:count], centre + size * x[count]] if constant else x

        def loss(x):
            if np.any(np.abs(x[:count]) > 0.9999):
                return 1e9
            try:
                return -described(y, order, seasonal, m, coefficients(x))
            except Exception:
                return 1e9

        x = minimize(
            loss,
            np.r_[np.full(count, 0.1), np.zeros(int(constant))],
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 20000, "maxfev": 20000},
        ).x
        best = coefficients(x)
        shift = best[count] if constant else 0.0
        likelihood, squares, model = filtered(y, order, seasonal, m, best[:count], shift)
        n = int((~np.isnan(y)).sum()) - order[1] - seasonal[1] * m
        sigma2 = squares / (n - len(best))
        f, variance = kalman_forecast(horizon, *(model[k] for k in ["Z", "a", "P", "T", "V", "h"]))
        found.append(
            {
                "name": name,
                "order": order,
                "seasonal": seasonal,
                "constant": constant,
                "missing": missing,
                "coefficients": numbers(best, 8),
                "likelihood": likelihood,
                "sigma2": sigma2,
                "mean": steps(f + shift),
                "deviation": steps(np.sqrt(variance * sigma2)),
            }
        )
    return found


def regressors():
    """Regression with ARIMA errors: the same likelihood, maximised by Nelder and Mead's method over slopes and coefficients."""
    random = np.random.default_rng(23)
    found = []
    for name, order, seasonal, count, missing in [
        ("white noise", (1, 0, 0), (0, 0, 0), 1, []),
        ("negative", (0, 0, 1), (0, 0, 0), 2, []),
        ("random walk", (1, 1, 0), (0, 0, 0), 1, []),
        ("random walk with drift", (0, 1, 1), (0, 0, 0), 2, [3, 4, 50]),
        ("quarters with trend", (0, 1, 1), (0, 1, 1), 1, []),
        ("months", (1, 0, 0), (1, 0, 0), 1, [5, 6, 20]),
        ("weeks", (1, 0, 1), (0, 0, 0), 2, []),
    ]:
        one = next(s for s in all_series if s["name"] == name)
        m = one["season"]
        x = np.round(random.normal(0, 1, (len(one["y"]) + horizon, count)).cumsum(axis=0) / 3 + random.normal(0, 1, (len(one["y"]) + horizon, count)), 4)
        true = np.array([3.0, -2.0])[:count] * np.std(one["y"]) / 3
        y = np.round(np.array(one["y"], float) + x[: len(one["y"])] @ true, 6)
        full = y.copy()
        y[missing] = np.nan
        constant = order[1] + seasonal[1] == 0
        arma = order[0] + order[2] + seasonal[0] + seasonal[2]
        size = np.nanstd(y)
        past, future = x[: len(y)], x[len(y) :]

        def parts(p):
            return p[:arma], (np.nanmean(y) + size * p[arma] if constant else 0.0), true + size * p[arma + int(constant) :]

        def at(p):
            coefficients, mean, slopes = parts(p)
            return filtered(y, order, seasonal, m, coefficients, mean + past @ slopes)

        def loss(p):
            if np.any(np.abs(p[:arma]) > 0.9999):
                return 1e9
            try:
                return -at(p)[0]
            except Exception:
                return 1e9

        p = np.r_[np.full(arma, 0.1), np.zeros(int(constant) + count)]
        for _ in range(4):
            p = minimize(loss, p, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20000, "maxfev": 20000}).x
        coefficients, mean, slopes = parts(p)
        likelihood, _, model = at(p)
        f, _ = kalman_forecast(horizon, *(model[k] for k in ["Z", "a", "P", "T", "V", "h"]))
        found.append(
            {
                "name": name,
                "order": order,
                "seasonal": seasonal,
                "season": m,
                "missing": missing,
                "y": numbers(full),
                "x": [numbers(column) for column in x.T],
                "coefficients": numbers(coefficients, 8),
                "slopes": numbers(slopes, 8),
                "likelihood": likelihood,
                "mean": steps(f + mean + future @ slopes),
            }
        )
    return found


def chosen():
    found = []
    for one in all_series:
        y, m = np.array(one["y"], float), one["season"]
        row = {"name": one["name"]}
        if m > 1 and len(y) > 2 * m:
            row["seasonalStrength"] = float(seas_heuristic(y, m))
            row["seasonalDifferences"] = int(nsdiffs(y, period=m))
        row["differences"] = int(ndiffs(y))
        try:
            fit = auto_arima_f(y, period=m)
        except Exception as error:
            row["error"] = str(error)
            found.append(row)
            continue
        f = forecast_arima(fit, h=horizon, level=[80, 95])
        p, q, P, Q, _, d, D = fit["arma"]
        row |= {
            "order": [p, d, q, P, D, Q],
            "coefficients": {k: float(f"{v:.8g}") for k, v in fit["coef"].items()},
            "mean": steps(f["mean"]),
        }
        if not fit.get("constant"):
            try:
                likelihood = described(y, (p, d, q), (P, D, Q), m, list(fit["coef"].values()))
                row["aicc"] = float(fit["aicc"] + 2 * fit["loglik"] - 2 * likelihood)
            except Exception:
                pass
        found.append(row)
    return found


write("fixed.json", fixed())
write("gaps.json", gaps())
write("regressors.json", regressors())
write("chosen.json", chosen())

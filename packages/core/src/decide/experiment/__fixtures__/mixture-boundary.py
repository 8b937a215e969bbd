"""Writes mixture-boundary.json: the one-sided normal mixture boundary by numerical integration and root finding.

The capital of a bet on drift l > 0 is exp(l S - l^2 n / 2) for a sum S of n standard normal values; mixed over l with a half-normal density of
variance rho^2 it is a martingale that stays below 1 / alpha with probability 1 - alpha (Ville). The exact boundary is where it equals
1 / alpha; the closed form of Waudby-Smith et al. (2021) lies a little above it. Quantiles of Student's t are scipy's.
Run: pip install scipy==1.17.1 numpy==2.4.6 && python mixture-boundary.py
"""

import json
import pathlib

import numpy as np
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import brentq

TIGHTEST_AT = 56


def capital(s, n, rho2):
    top = max(s, 0) / (n + 1 / rho2)
    # scaled by the largest value of the integrand, which lies at `top`
    scale = top * s - top**2 * n / 2 - top**2 / (2 * rho2)
    width = 1 / np.sqrt(n + 1 / rho2)
    density = lambda l: 2 / np.sqrt(2 * np.pi * rho2) * np.exp(l * s - l * l * n / 2 - l * l / (2 * rho2) - scale)
    value, _ = quad(density, max(0, top - 12 * width), top + 12 * width, epsabs=0, epsrel=1e-11)
    return np.log(value) + scale


cases = []
for alpha in [0.01, 0.05, 0.1]:
    log = -2 * np.log(2 * alpha)
    rho2 = (log + np.log(1 + log)) / TIGHTEST_AT
    for n in [8, 14, 56, 364]:
        exact = brentq(lambda s: capital(s, n, rho2) + np.log(alpha), 0, 100 * np.sqrt(n)) / np.sqrt(n)
        p = stats.norm.sf(exact)
        cases.append({"n": n, "alpha": alpha, "exact": exact, "inT": {"degrees": 5, "exact": stats.t.isf(p, 5)}})

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join("  " + json.dumps(case) for case in cases) + "\n]\n")
print([(case["n"], case["alpha"], round(case["exact"], 4)) for case in cases])

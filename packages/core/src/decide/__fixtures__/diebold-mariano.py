"""Writes diebold-mariano.json: the Diebold-Mariano test by other implementations.

- rectangular: `dieboldmariano` 1.1.0 from PyPI, and the formula of R's forecast::dm.test (varestimator = "acf"); they must agree.
- bartlett: the formula of R's forecast::dm.test (varestimator = "bartlett"), written out below with numpy.
- cosine: the EWC estimator of Lazarus, Lewis, Stock and Watson (2018) through scipy.fft.dct.
- prewhitened: the same, each transform times the ratio of an AR(1)'s spectral densities at frequency 0 and at its own, written out with complex numbers.
Run: pip install dieboldmariano==1.1.0 scipy==1.17.1 numpy==2.4.6 && python diebold-mariano.py
"""

import json
import pathlib

import numpy as np
from dieboldmariano import dm_test
from scipy import stats
from scipy.fft import dct


def r_dm_test(d, h, varestimator):
    n = len(d)
    centred = d - d.mean()
    cov = np.array([np.sum(centred[k:] * centred[: n - k]) / n for k in range(h)])
    weights = 1 - np.arange(1, h) / h if varestimator == "bartlett" else np.ones(h - 1)
    variance = (cov[0] + 2 * np.sum(weights * cov[1:])) / n
    k = np.sqrt((n + 1 - 2 * h + (h / n) * (h - 1)) / n)
    statistic = d.mean() / np.sqrt(variance) * k
    return statistic, stats.t.cdf(statistic, n - 1), n - 1


def cosine(d, transforms, prewhitened=False):
    n = len(d)
    # scipy's dct-II is 2 sum x cos(pi j (2i + 1) / 2n)
    lam = np.sqrt(2 / n) * dct(d - d.mean(), type=2)[1 : transforms + 1] / 2
    if prewhitened:
        c = d - d.mean()
        estimate = (c[1:] @ c[:-1]) / (c @ c)
        phi = np.clip(estimate + (1 + 3 * estimate) / n + 1 / np.sqrt(n), 0, 0.97)
        density = lambda omega: 1 / np.abs(1 - phi * np.exp(-1j * omega)) ** 2
        lam = lam * np.sqrt(density(0) / density(np.pi * np.arange(1, transforms + 1) / n))
    statistic = d.mean() / np.sqrt(np.mean(lam**2) / n)
    return statistic, stats.t.cdf(statistic, transforms), transforms


random = np.random.default_rng(7)
cases = []
for n, h in [(8, 1), (20, 1), (20, 3), (60, 6), (200, 24)]:
    noise = random.normal(size=n + 30)
    shared = np.convolve(noise, np.ones(4) / 2, mode="valid")[:n]
    truth = random.normal(10, 3, size=n)
    a = truth + shared + random.normal(0.1, 1, size=n)
    b = truth + shared + random.normal(0, 1.1, size=n)
    loss_a, loss_b = np.abs(a - truth), np.abs(b - truth)
    d = loss_a - loss_b
    theirs = dm_test(truth, a, b, loss=lambda u, v: abs(u - v), h=h, one_sided=True, harvey_correction=True)
    for kernel in ["rectangular", "bartlett", "cosine", "prewhitened"]:
        transforms = max(1, min(int(0.41 * n ** (2 / 3)), n // (2 * h)))
        statistic, less, degrees = (
            cosine(d, transforms, kernel == "prewhitened")
            if kernel in ("cosine", "prewhitened")
            else r_dm_test(d, h, "acf" if kernel == "rectangular" else "bartlett")
        )
        if kernel == "rectangular":
            assert abs(theirs[0] - statistic) < 1e-9 and abs(theirs[1] - less) < 1e-9, (theirs, statistic, less)
        cases.append(
            {
                "lossA": loss_a.tolist(),
                "lossB": loss_b.tolist(),
                "horizon": h,
                "kernel": kernel,
                "lag": transforms if kernel in ("cosine", "prewhitened") else h - 1,
                "statistic": float(statistic),
                "less": float(less),
                "degrees": int(degrees),
            }
        )

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text("[\n" + ",\n".join("  " + json.dumps(case) for case in cases) + "\n]\n")
print(len(cases), [(c["kernel"], round(c["statistic"], 4), round(c["less"], 4)) for c in cases])

"""Writes diebold-mariano.json: the Diebold-Mariano test by other implementations.

- rectangular: `dieboldmariano` 1.1.0 from PyPI, and the formula of R's forecast::dm.test (varestimator = "acf"); they must agree.
- bartlett: the formula of R's forecast::dm.test (varestimator = "bartlett"), written out below with numpy.
- cosine: the EWC estimator of Lazarus, Lewis, Stock and Watson (2018) through scipy.fft.dct.
- prewhitened: the same, each squared transform over the relative spectrum of an autoregression plus noise, averaged over all of these by their likelihood; written out with numpy.
Run: pip install dieboldmariano==1.1.0 scipy==1.17.1 numpy==2.4.6 && python diebold-mariano.py
"""

import json
import pathlib

import numpy as np
from dieboldmariano import dm_test
from scipy import stats
from scipy.fft import dct
from scipy.special import logsumexp


def r_dm_test(d, h, varestimator):
    n = len(d)
    centred = d - d.mean()
    cov = np.array([np.sum(centred[k:] * centred[: n - k]) / n for k in range(h)])
    weights = 1 - np.arange(1, h) / h if varestimator == "bartlett" else np.ones(h - 1)
    variance = (cov[0] + 2 * np.sum(weights * cov[1:])) / n
    k = np.sqrt((n + 1 - 2 * h + (h / n) * (h - 1)) / n)
    statistic = d.mean() / np.sqrt(variance) * k
    return statistic, stats.t.cdf(statistic, n - 1), n - 1


def squared_transforms(d, count):
    # scipy's dct-II is 2 sum x cos(pi j (2i + 1) / 2n)
    return 2 / len(d) * (dct(d - d.mean(), type=2)[1 : count + 1] / 2) ** 2


def persistent(phi, omega, h):
    """Spectrum of exp(-t / scale) sampled so that phi is reached after h steps, over that at 0: for h = 1 an AR(1)'s."""
    if h == 1:
        return np.abs(1 - phi) ** 2 / np.abs(1 - phi * np.exp(-1j * omega)) ** 2
    return 1 / (1 + phi * (h * np.abs(1 - np.exp(-1j * omega)) / (1 - phi)) ** 2)


def averaged_spectra(d, transforms, h):
    n = len(d)
    squares = squared_transforms(d, max(transforms, min(n - 1, n // h, 250)))
    omega = np.pi * np.arange(1, len(squares) + 1) / n
    logs, variances = [], []
    for phi in [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.94]:
        for part in [1, 0.85, 0.7, 0.5] if phi > 0 else [1]:
            at_zero = part * (1 + phi) / (1 - phi)
            spectrum = (at_zero * persistent(phi, omega, h) + 1 - part) / (at_zero + 1 - part)
            prior = 20 if phi == 0 else 1 / 4
            # Whittle's likelihood of independent normal transforms, its scale integrated out
            logs.append(np.log(prior) - np.log(spectrum).sum() / 2 - len(squares) / 2 * np.log((squares / spectrum).sum()))
            variances.append((squares / spectrum)[:transforms].mean())
    return np.exp(logs - logsumexp(logs)) @ variances


def cosine(d, transforms, h, prewhitened=False):
    variance = averaged_spectra(d, transforms, h) if prewhitened else squared_transforms(d, transforms).mean()
    statistic = d.mean() / np.sqrt(variance / len(d))
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
            cosine(d, transforms, h, kernel == "prewhitened")
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

"""Writes mstl.json: statsforecast 2.1.1 (statsmodels 0.14 inside) on series with one to three seasons.

Run with a Python that has statsforecast; the series of ../../local/__fixtures__ with a season are used too.
"""

import json
import pathlib

import numpy as np
import statsforecast
import statsmodels
from statsforecast.models import MSTL, AutoETS, HistoricAverage, RandomWalkWithDrift
from statsforecast.mstl import mstl

here = pathlib.Path(__file__).parent
random = np.random.default_rng(23)
horizon = 30
# The steps of forecasts and, of the components, every third row are kept.
kept = [1, 2, 5, 8, 13, 24, 30]


def numbers(values, digits=13):
    return [float(f"{v:.{digits}g}") for v in np.asarray(values, dtype=float)]


def cycle(n, m, size):
    t = np.arange(n)
    return size * np.sin(2 * np.pi * t / m) + size / 3 * np.cos(4 * np.pi * t / m)


def noise(n, s=1.0):
    return random.normal(0, s, n)


def series():
    known = json.loads((here / "../../../local/__fixtures__/series.json").resolve().read_text())
    made = [(s["name"], [s["season"]], s["y"]) for s in known if s["season"] > 1 and len(s["y"]) >= 2 * s["season"]]
    t = np.arange

    def add(name, periods, y):
        made.append((name, periods, numbers(y, 6)))

    add("two whole periods", [12], 20 + cycle(24, 12, 5) + noise(24))
    add("two periods and a row", [12], 20 + cycle(25, 12, 5) + noise(25))
    add("period of two", [2], 5 + np.tile([1.0, -1.0], 20) + noise(40, 0.2))
    add("period of three", [3], 5 + np.tile([1.0, -1.0, 3.0], 13) + noise(39, 0.2))
    add("constant", [6], np.full(40, 7.0))
    add("zeros", [4], np.zeros(30))
    add("season without noise", [5], np.tile([1.0, 2.0, 4.0, 2.0, 0.0], 12))
    add("demand", [7], np.where(random.uniform(size=120) < 0.3, random.poisson(4, 120) + 1, 0))
    add("negative", [12], -300 + 0.8 * t(90) + cycle(90, 12, 20) + noise(90, 5))
    add("outliers", [12], np.where(t(108) % 37 == 20, 400, 100 + cycle(108, 12, 20) + noise(108, 3)))
    add("level shift", [8], np.r_[20 + noise(60), 60 + noise(60)] + cycle(120, 8, 6))
    add("no season", [12], 40 + np.cumsum(noise(100)))
    add("two seasons", [6, 24], 100 + cycle(240, 6, 8) + cycle(240, 24, 15) + noise(240, 2))
    add("two seasons that nest", [4, 12], 100 + cycle(96, 4, 8) + cycle(96, 12, 15) + noise(96, 2))
    add("two seasons that do not nest", [5, 12], 100 + 0.3 * t(130) + cycle(130, 5, 8) + cycle(130, 12, 15) + noise(130, 2))
    add("hours of a month", [24, 168], 500 + 0.1 * t(720) + cycle(720, 24, 90) + cycle(720, 168, 40) + noise(720, 15))
    add("hours of two weeks", [24, 168], 500 + cycle(336, 24, 90) + cycle(336, 168, 40) + noise(336, 15))
    add("three seasons", [6, 24, 72], cycle(300, 6, 3) + cycle(300, 24, 8) + cycle(300, 72, 15) + noise(300, 2))
    add("growing season", [12, 48], (50 + t(200)) * (1 + cycle(200, 12, 0.2) + cycle(200, 48, 0.1)) + noise(200, 2))
    add("random walk with seasons", [7, 28], 200 + np.cumsum(noise(168, 3)) + cycle(168, 7, 12) + cycle(168, 28, 9))
    return made


rows = []
for name, periods, y in series():
    x = np.array(y, dtype=float)
    row = {"name": name, "periods": periods, "y": y}
    for key, robust in {"plain": False, "robust": True}.items():
        parts = mstl(x, periods, stl_kwargs={"robust": robust})
        seasons = [c for c in parts.columns if c.startswith("seasonal")]
        every = lambda column: numbers(parts[column][::3], 11)
        row[key] = {"trend": every("trend"), "seasons": [every(c) for c in seasons]}
    for key, trend in {"drift": RandomWalkWithDrift(), "average": HistoricAverage(), "ets": AutoETS(model="ZZN")}.items():
        try:
            f = MSTL(periods, trend).forecast(x, horizon, level=[80])
        except Exception as error:
            row[key] = {"error": str(error)}
            continue
        at = np.array(kept) - 1
        row[key] = {"mean": numbers(f["mean"][at]), "lo80": numbers(f["lo-80"][at])}
    rows.append(row)

versions = {"statsforecast": statsforecast.__version__, "statsmodels": statsmodels.__version__}
lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
(here / "mstl.json").write_text(f'{{"versions":{json.dumps(versions)},"kept":{json.dumps(kept)},"series":[\n{lines}\n]}}\n')

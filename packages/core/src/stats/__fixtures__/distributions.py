"""Writes distributions.json: reference values of the distribution functions.

Values are mpmath's at 60 digits, rounded to a double; scipy must agree to 1e-7 (its own t tail is off by
2e-8 near t = 0).
Run: pip install mpmath==1.4.1 scipy==1.17.1 && python distributions.py
"""

import json
import pathlib

import mpmath as mp
import scipy
from scipy import special, stats

mp.mp.dps = 60
rows: dict[str, list[list[float]]] = {}
worst: dict[str, float] = {}


def add(name, arguments, exact, other):
    exact = float(exact)
    if exact != 0 and abs(exact) > 1e-290:
        gap = abs(other / exact - 1)
        worst[name] = max(worst.get(name, 0.0), float(gap))
        assert gap < 1e-7, (name, arguments, exact, other)
    rows.setdefault(name, []).append([*map(float, arguments), exact])



for x in [1e-8, 0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.3, 11.9, 12.0, 50.5, 1e3, 1e6, 1e12]:
    add("logGamma", [x], mp.loggamma(mp.mpf(x)), special.gammaln(x))

for x in [-6.0, -2.5, -1.0, -0.3, -1e-9, 0.0, 1e-9, 0.2, 0.5, 1.0, 1.2, 1.3, 2.0, 3.5, 6.0, 10.0, 20.0, 26.0]:
    add("erfc", [x], mp.erfc(mp.mpf(x)), special.erfc(x))

for z in [-37.0, -12.0, -6.0, -3.0, -1.96, -0.5, 0.0, 1e-5, 0.7, 1.6448536269514722, 3.0, 8.0, 15.0]:
    add("normalCdf", [z], mp.erfc(-mp.mpf(z) / mp.sqrt(2)) / 2, stats.norm.cdf(z))
    add("normalSurvival", [z], mp.erfc(mp.mpf(z) / mp.sqrt(2)) / 2, stats.norm.sf(z))

for p in [1e-300, 1e-20, 1e-8, 0.001, 0.025, 0.3, 0.499999, 0.7, 0.95, 0.999999]:
    value = mp.findroot(lambda v, p=p: mp.erfc(-v / mp.sqrt(2)) / 2 - mp.mpf(p), stats.norm.ppf(p), tol=1e-90, verify=False)
    add("normalQuantile", [p], value, stats.norm.ppf(p))


def t_survival(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    tail = mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True) / 2
    return tail if t >= 0 else 1 - tail


for df in [0.5, 1, 2, 3.7, 10, 29, 200, 1e4, 1e6]:
    for t in [-30.0, -4.0, -1.3, -1e-6, 0.0, 0.01, 0.8, 1.0, 2.1, 5.5, 25.0]:
        exact = t_survival(t, df)
        if exact > 1e-290:
            add("studentTSurvival", [t, df], exact, stats.t.sf(t, df))
            add("studentTCdf", [t, df], t_survival(-t, df), stats.t.cdf(t, df))
for df in [1, 3.7, 29, 1e4]:
    for p in [1e-6, 0.025, 0.4, 0.8, 0.95]:
        value = mp.findroot(lambda v, p=p, df=df: t_survival(-v, df) - mp.mpf(p), stats.t.ppf(p, df))
        add("studentTQuantile", [p, df], value, stats.t.ppf(p, df))

for d1 in [1, 2, 5.5, 30, 2000]:
    for d2 in [1, 4, 17, 300, 1e5]:
        for x in [1e-4, 0.3, 0.95, 1.0, 1.1, 2.5, 40.0]:
            d1_, d2_, x_ = mp.mpf(d1), mp.mpf(d2), mp.mpf(x)
            low = mp.betainc(d1_ / 2, d2_ / 2, 0, d1_ * x_ / (d1_ * x_ + d2_), regularized=True)
            high = mp.betainc(d2_ / 2, d1_ / 2, 0, d2_ / (d1_ * x_ + d2_), regularized=True)
            if min(low, high) > 1e-250:
                add("fCdf", [x, d1, d2], low, stats.f.cdf(x, d1, d2))
                add("fSurvival", [x, d1, d2], high, stats.f.sf(x, d1, d2))

for df in [0.5, 1, 2, 7, 24.5, 100, 3000]:
    for factor in [1e-3, 0.2, 0.9, 1.0, 1.05, 1.5, 3.0, 8.0]:
        x = df * factor
        low = mp.gammainc(mp.mpf(df) / 2, 0, mp.mpf(x) / 2, regularized=True)
        high = mp.gammainc(mp.mpf(df) / 2, mp.mpf(x) / 2, mp.inf, regularized=True)
        if min(low, high) > 1e-250:
            add("chiSquareCdf", [x, df], low, stats.chi2.cdf(x, df))
            add("chiSquareSurvival", [x, df], high, stats.chi2.sf(x, df))

for n in [1, 7, 50, 2000, 1_000_000]:
    for p in [1e-6, 0.02, 0.5, 0.93, 1 - 2.0**-30]:
        for x in sorted({0, 1, n // 3, n // 2, round(n * p), n - 1, n}):
            p_ = mp.mpf(p)
            exact = mp.binomial(n, x) * p_**x * (1 - p_) ** (n - x)
            if exact > 1e-250:
                add("binomialProbability", [x, n, p], exact, stats.binom.pmf(x, n, p))

path = pathlib.Path(__file__).with_suffix(".json")
body = {"generator": f"mpmath {mp.__version__} at 60 digits, checked against scipy {scipy.__version__}", "cases": rows}
path.write_text(
    "{\n"
    + f'  "generator": {json.dumps(body["generator"])},\n  "cases": {{\n'
    + ",\n".join(
        f"    {json.dumps(name)}: [\n" + ",\n".join(f"      {json.dumps(case)}" for case in cases) + "\n    ]"
        for name, cases in rows.items()
    )
    + "\n  }\n}\n"
)
print({name: len(cases) for name, cases in rows.items()}, "largest gap to scipy:", worst)

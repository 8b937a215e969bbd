"""Writes statistics.json: values of the classic statistics by scipy, scikit-learn, or a formula in numpy.

Run: pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 && python statistics.py
"""

import json
import pathlib
import warnings

import numpy as np
import scipy
import sklearn
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel

samples: dict[str, list[float]] = {}
cases: dict[str, list[dict]] = {}


def sample(name, values, digits=4):
    samples[name] = [float(v) for v in np.round(values, digits)]
    return np.array(samples[name])


def add(kind, **case):
    cases.setdefault(kind, []).append(case)


def compare(x, y):
    """Every two-sample statistic of two named samples."""
    a, b = np.array(samples[x]), np.array(samples[y])
    both = {"reference": x, "current": y}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method, name in [("exact", "exact"), ("asymp", "asymptotic")]:
            result = stats.ks_2samp(a, b, method=method)
            if not np.isnan(result.pvalue):
                add("kolmogorovSmirnov", **both, method=name, statistic=float(result.statistic), pValue=float(result.pvalue))
        for method in ["exact", "asymptotic"]:
            if len(a) < 2 or len(b) < 2 or (method == "exact" and max(len(a), len(b)) > 20):
                continue
            result = stats.cramervonmises_2samp(a, b, method=method)
            add("cramerVonMises", **both, method=method, statistic=float(result.statistic), pValue=float(result.pvalue))
    add("wasserstein", **both, distance=float(stats.wasserstein_distance(a, b)))
    add("energyDistance", **both, distance=float(stats.energy_distance(a, b)))


def psi(a, b, bins):
    """The binning rule: linear quantiles, an edge belongs to the bin above it, open outer bins, a floor, no renormalisation."""
    edges = np.quantile(a, np.arange(1, bins) / bins)
    assert len(np.unique(edges)) == len(edges)
    p, q = (np.bincount(np.searchsorted(edges, v, side="right"), minlength=bins) for v in (a, b))
    add("bins", reference=[k for k, v in samples.items() if np.array_equal(v, a)][0],
        current=[k for k, v in samples.items() if np.array_equal(v, b)][0],
        bins=bins, edges=edges.tolist(), counts=[p.tolist(), q.tolist()])
    p, q = (np.maximum(v / v.sum(), 1e-4) for v in (p, q))
    cases["bins"][-1]["populationStability"] = float(np.sum((q - p) * np.log(q / p)))


# The cases of the first collection, in its order of draws.
rng = np.random.default_rng(1)
sample("normal a", rng.normal(size=60))
sample("normal b", 0.5 + 1.2 * rng.normal(size=45))
sample("exponential a", rng.exponential(size=80))
sample("exponential b", 1.5 * rng.exponential(size=70))
shares = [np.round(rng.dirichlet(np.ones(8)), 6) for _ in range(2)]
table = rng.integers(1, 50, (2, 5))
p_values = rng.uniform(size=12) ** 3

rng = np.random.default_rng(2)
for size in [1, 2, 4, 5, 7, 12, 20, 53, 150, 300]:
    sample(f"{size}", rng.normal(size=size))
    sample(f"{size} shifted", rng.normal(size=size) + 0.6)
    sample(f"{size} rounded", np.round(2 * rng.normal(size=size)) / 2)
sample("299 heavy", rng.standard_t(2, size=299))
sample("1000 wide", 1.3 * rng.normal(size=1000))
sample("equal", np.full(9, 2.5))

for x, y in [
    ("normal a", "normal b"), ("exponential a", "exponential b"), ("1", "4"), ("1", "1 shifted"), ("2", "4"), ("7", "4 shifted"), ("5", "5"),
    ("5", "5 shifted"), ("12", "20 shifted"), ("20", "20 rounded"), ("20 rounded", "12 rounded"), ("20", "7"), ("53", "53 shifted"),
    ("53", "53 rounded"), ("150", "300"), ("150 rounded", "300 rounded"), ("300", "300 shifted"), ("300", "299 heavy"),
    ("150 rounded", "150 rounded"), ("1000 wide", "300"), ("equal", "normal a"), ("equal", "equal"),
]:
    compare(x, y)

for n in [1, 2, 10, 64, 140, 141, 1000, 99_999, 100_001, 500_000]:
    for x in [0.3 / n, 0.6 / n, 1 / n, 1.7 / n, 0.45, 0.6, 1 - 0.5 / n] + [z / np.sqrt(n) for z in [0.5, 0.8, 1, 1.4, 1.5, 2, 3, 5]]:
        if 0 < x < 1:
            add("kolmogorovSurvival", n=n, x=float(x), survival=float(stats.kstwo.sf(x, n)))

for names in [
    ("normal a", "normal b"), ("exponential a", "exponential b"), ("5", "5 shifted"), ("53", "53 shifted", "53 rounded"),
    ("12 rounded", "20 rounded", "53 rounded", "150 rounded"), ("300", "300 shifted"), ("1000 wide", "300", "299 heavy"), ("20", "12", "7"), ("2", "4"),
]:
    for ties in ["midrank", "right"]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = stats.anderson_ksamp([np.array(samples[name]) for name in names], variant=ties)
        add("andersonDarling", samples=names, ties=ties, statistic=float(result.statistic), pValue=float(result.pvalue))

for x, y in [("normal a", "normal b"), ("exponential a", "exponential b"), ("1000 wide", "300"), ("300", "299 heavy")]:
    for bins in [10, 4]:
        psi(np.array(samples[x]), np.array(samples[y]), bins)

rng = np.random.default_rng(3)
for p, q in [shares, table, rng.integers(0, 9, (2, 12)), ([1, 0, 3], [0, 5, 0])]:
    p, q = np.array(p, float), np.array(q, float)
    p_, q_ = p / p.sum(), q / q.sum()
    for base in [2, float(np.e)]:
        add("jensenShannon", reference=p.tolist(), current=q.tolist(), base=base, distance=float(jensenshannon(p, q, base=base)))
    add("hellinger", reference=p.tolist(), current=q.tolist(), distance=float(np.sqrt(np.sum((np.sqrt(p_) - np.sqrt(q_)) ** 2) / 2)))

tables = [table, rng.integers(1, 40, (2, 2)), [[30, 12], [31, 12]], [[50, 40, 0], [30, 20, 7]], rng.integers(1, 900, (2, 9))]
for counts in tables:
    counts = np.array(counts)
    result = stats.chi2_contingency(counts)
    plain = stats.chi2_contingency(counts, correction=False)
    add("chiSquare", table=counts.tolist(), statistic=float(result.statistic), pValue=float(result.pvalue), degrees=int(result.dof),
        cramersV=float(stats.contingency.association(counts, "cramer")), leastExpected=float(result.expected_freq.min()),
        plain=[float(plain.statistic), float(plain.pvalue)])

for p in [p_values, [0.5], np.full(4, 0.02), rng.uniform(size=40) ** 2]:
    add("benjaminiHochberg", pValues=np.asarray(p, float).tolist(), adjusted=stats.false_discovery_control(p).tolist())

for width, n, m in [(1, 30, 20), (3, 25, 40)]:
    x, y = np.round(rng.normal(size=(n, width)), 4), np.round(rng.normal(size=(m, width)) + 0.4, 4)
    both = np.vstack([x, y])
    distances = np.sqrt(((both[:, None] - both[None]) ** 2).sum(2))[np.triu_indices(n + m, 1)]
    for bandwidth in [float(np.median(distances)), 0.7]:
        gamma = 1 / (2 * bandwidth**2)
        k_x, k_y, k_xy = rbf_kernel(x, gamma=gamma), rbf_kernel(y, gamma=gamma), rbf_kernel(x, y, gamma=gamma)
        value = (k_x.sum() - n) / (n * (n - 1)) + (k_y.sum() - m) / (m * (m - 1)) - 2 * k_xy.mean()
        add("maximumMeanDiscrepancy", reference=x.T.tolist(), current=y.T.tolist(), median=bandwidth != 0.7, bandwidth=bandwidth, statistic=float(value))

for x, y in [("normal a", "normal b"), ("20 rounded", "12 rounded"), ("150 rounded", "300 rounded"), ("1", "4"), ("equal", "equal")]:
    a, b = np.array(samples[x]), np.array(samples[y])
    auc = roc_auc_score(np.r_[np.zeros(len(a)), np.ones(len(b))], np.r_[a, b])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        p = stats.mannwhitneyu(b, a, alternative="greater", use_continuity=False, method="asymptotic").pvalue
    add("areaUnderCurve", negative=x, positive=y, auc=float(auc), pValue=None if np.isnan(p) else float(p))

factors = rng.normal(size=(240, 2))
load = rng.normal(size=(2, 5))
scale, offset = np.array([1, 10, 0.1, 5, 1000]), np.array([0, 100, 3, -20, 1e6])
rows = np.round((factors @ load + 0.3 * rng.normal(size=(240, 5))) * scale + offset, 4)
window = np.round((rng.normal(size=(24, 5)) + 0.2) * scale + offset, 4)
mean, deviation = rows.mean(0), rows.std(0)
for components in [1, 2, 4]:
    pca = PCA(n_components=components).fit((rows - mean) / deviation)
    z = (window - mean) / deviation
    rest = z - pca.inverse_transform(pca.transform(z))
    add("reconstruction", reference=rows.T.tolist(), current=window.T.tolist(), components=components,
        explained=pca.explained_variance_ratio_.tolist(), error=float(np.sqrt((rest**2).sum(1)).mean()),
        byColumn=np.sqrt((rest**2).mean(0)).tolist())


def lines(items):
    return ",\n".join(items)


path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(
    "{\n"
    + f'  "generator": "numpy {np.__version__}, scipy {scipy.__version__}, scikit-learn {sklearn.__version__}",\n  "samples": {{\n'
    + lines(f"    {json.dumps(name)}: {json.dumps(values)}" for name, values in samples.items())
    + '\n  },\n  "cases": {\n'
    + lines(f"    {json.dumps(kind)}: [\n" + lines(f"      {json.dumps(case)}" for case in found) + "\n    ]" for kind, found in cases.items())
    + "\n  }\n}\n"
)
print({kind: len(found) for kind, found in cases.items()})

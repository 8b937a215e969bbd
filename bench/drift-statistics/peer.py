"""numpy and scipy on the same input file. Run by run.ts, in a process of its own.

scipy's functions sort what they are given, so a kept reference helps them only as far as sorted values sort faster.
"""

import sys

import numpy as np
import scipy
from measured import report, timed
from scipy import stats

file, repeats = sys.argv[1], int(sys.argv[2])
values = np.fromfile(file)
reference, current = values[: len(values) // 2], values[len(values) // 2 :]
kept, ordered = np.sort(reference), np.sort(current)


def both(x, y):
    return stats.ks_2samp(x, y).pvalue + stats.wasserstein_distance(x, y)


cases = {
    "sort 1,000,000 values": lambda _: np.sort(current),
    "Kolmogorov-Smirnov and Wasserstein, both windows unsorted": lambda _: both(reference, current),
    "Kolmogorov-Smirnov and Wasserstein, reference kept sorted": lambda _: both(kept, current),
    "Kolmogorov-Smirnov and Wasserstein, both sorted": lambda _: both(kept, ordered),
    "energy distance, reference kept sorted": lambda _: stats.energy_distance(kept, current),
    "Cramér-von Mises, reference kept sorted": lambda _: stats.cramervonmises_2samp(kept, current, method="asymptotic"),
}
for name, work in cases.items():
    timed(name, repeats, work)
report(f"scipy {scipy.__version__}, numpy {np.__version__}")

"""Evidently's data-drift preset on the same input file. Run by run.ts, in a process of its own."""

import sys

import evidently
import numpy as np
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
from measured import report, timed

file, rows, columns, name = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
values = np.fromfile(file).reshape(2, columns, rows)
reference, current = (pd.DataFrame({f"c{i}": window[i] for i in range(columns)}) for window in values)
timed(name, 1, lambda _: Report([DataDriftPreset()]).run(current, reference), warm_up=False)
report(f"evidently {evidently.__version__}, pandas {pd.__version__}")

// Measures tsops on one input file. Run by run.ts, in a process of its own.
import { readFileSync } from "node:fs";
import {
  cramerVonMises,
  energyDistance,
  kolmogorovSmirnov,
  type Sample,
  sortedSample,
  wasserstein,
} from "@tsops/monitor/statistics";
import { report, timed } from "../harness/measured.ts";
import { rows, type work } from "./input.ts";

const [file, repeats] = process.argv.slice(2) as [string, string];
const all = new Float64Array(new Uint8Array(readFileSync(file)).buffer);
const [reference, current] = [all.slice(0, rows), all.slice(rows)];
const kept = sortedSample(reference);
const sorted = sortedSample(current);
const both = (x: Sample, y: Sample): number => kolmogorovSmirnov(x, y).pValue + wasserstein(x, y);

const cases: Record<keyof typeof work, () => unknown> = {
  "sort 1,000,000 values": () => sortedSample(current),
  "Kolmogorov-Smirnov and Wasserstein, both windows unsorted": () =>
    both(sortedSample(reference), sortedSample(current)),
  "Kolmogorov-Smirnov and Wasserstein, reference kept sorted": () => both(kept, sortedSample(current)),
  "Kolmogorov-Smirnov and Wasserstein, both sorted": () => both(kept, sorted),
  "energy distance, reference kept sorted": () => energyDistance(kept, current),
  "Cramér-von Mises, reference kept sorted": () => cramerVonMises(kept, current),
};
for (const [name, run] of Object.entries(cases)) await timed(name, Number(repeats), run);
report();

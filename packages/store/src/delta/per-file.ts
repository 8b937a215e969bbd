/** Successive files, from number `from`, that have the value of the first one that has any, or count up from it. */
interface Run {
  readonly from: number;
  first: { readonly file: number; readonly value: bigint } | null;
  rule: "same" | "rising" | null;
}

/**
 * An SQL expression (BIGINT) that gives each row the value of its file, by DuckDB's `file_index`. A lookup in a list would cost
 * every chunk the length of the list, and a join could change the order of rows; this is a tree of comparisons over runs of
 * files, usually one: successive appends have successive versions.
 * @param values - One per file; null where any value will do.
 */
export function perFile(values: readonly (bigint | null)[]): string {
  return tree(runsOf(values));
}

function runsOf(values: readonly (bigint | null)[]): Run[] {
  const runs: Run[] = [];
  values.forEach((value, file) => {
    const run = runs.at(-1);
    if (run === undefined || !extend(run, file, value))
      runs.push({ from: file, first: value === null ? null : { file, value }, rule: null });
  });
  return runs;
}

/** Takes a file into a run if its value fits. */
function extend(run: Run, file: number, value: bigint | null): boolean {
  if (value === null) return true;
  const { first } = run;
  if (first === null) {
    run.first = { file, value };
    return true;
  }
  const isSame = run.rule !== "rising" && value === first.value;
  const isRising = run.rule !== "same" && value - first.value === BigInt(file - first.file);
  if (isSame) run.rule = "same";
  else if (isRising) run.rule = "rising";
  return isSame || isRising;
}

function tree(runs: readonly Run[]): string {
  if (runs.length <= 1) return leaf(runs[0]);
  const middle = runs.length >> 1;
  const [left, right] = [tree(runs.slice(0, middle)), tree(runs.slice(middle))];
  return `CASE WHEN file_index < ${(runs[middle] as Run).from} THEN ${left} ELSE ${right} END`;
}

function leaf(run: Run | undefined): string {
  const { file, value } = run?.first ?? { file: 0, value: 0n };
  return run?.rule === "rising"
    ? `(file_index::BIGINT + (${value - BigInt(file)})::BIGINT)`
    : `(${value})::BIGINT`;
}

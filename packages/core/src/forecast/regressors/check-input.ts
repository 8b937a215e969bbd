import { TsopsError } from "../../errors.ts";
import { shown } from "../../options.ts";
import { capital } from "../panel/rows.ts";
import type { FeatureColumn, FeatureMatrix, RegressorFitOptions } from "../regressor.ts";

const shownRows = 5;

/**
 * Refuses what no regressor can fit: no rows or columns, unequal lengths, targets that are not finite, negative or all-zero
 * weights, category codes that are not whole numbers from 0.
 * @throws TsopsError SCHEMA_MISMATCH, VALUE_INVALID (rows listed).
 */
export function checkFitInput(x: FeatureMatrix, y: Float64Array, options: RegressorFitOptions): void {
  refuseNoMatrix(x, "The training matrix");
  checkMatrix(x, "the training matrix");
  checkTarget(y, x.rows, "the target");
  checkWeights(options.weights, x.rows, "weights");
  const { validation } = options;
  if (validation === undefined) return;
  refuseNoMatrix(validation.x, "The validation matrix");
  checkColumns(validation.x, x.columns, "the validation matrix");
  checkMatrix(validation.x, "the validation matrix");
  checkTarget(validation.y, validation.x.rows, "the validation target");
  checkWeights(validation.weights, validation.x.rows, "validation weights");
}

/**
 * Refuses a matrix whose columns are not the fitted ones, by name, kind and order, or of unequal lengths.
 * @throws TsopsError SCHEMA_MISMATCH, VALUE_INVALID.
 */
export function checkPredictInput(
  x: FeatureMatrix,
  fitted: readonly Pick<FeatureColumn, "name" | "kind">[],
): void {
  refuseNoMatrix(x, "The matrix");
  checkColumns(x, fitted, "the matrix");
  for (const column of x.columns) {
    checkLength(column.values.length, x.rows, `Column "${column.name}"`);
    if (column.kind === "categorical") checkCodes(column);
  }
}

/**
 * The rows that take part in a fit: a row of weight 0 counts as absent. Returns its input when all rows do.
 */
export function withoutZeroWeights(
  x: FeatureMatrix,
  y: Float64Array,
  weights: Float64Array | undefined,
): { x: FeatureMatrix; y: Float64Array; weights: Float64Array | undefined } {
  if (weights === undefined || weights.every((weight) => weight > 0)) return { x, y, weights };
  const keep = (values: Float64Array): Float64Array =>
    values.filter((_, row) => (weights[row] as number) > 0);
  const columns = x.columns.map((column) => ({ ...column, values: keep(column.values) }));
  const kept = keep(weights);
  return { x: { rows: kept.length, columns }, y: keep(y), weights: kept };
}

function checkMatrix(x: FeatureMatrix, what: string): void {
  if (x.columns.length === 0)
    throw new TsopsError("SCHEMA_MISMATCH", `${capital(what)} has no columns.`, {
      hint: "Give the model at least one feature.",
    });
  if (x.rows === 0) throw new TsopsError("SCHEMA_MISMATCH", `${capital(what)} has no rows.`);
  const names = new Set<string>();
  for (const column of x.columns) {
    if (names.has(column.name))
      throw new TsopsError("SCHEMA_MISMATCH", `${capital(what)} has two columns named "${column.name}".`);
    names.add(column.name);
    checkLength(column.values.length, x.rows, `Column "${column.name}"`);
    if (column.kind === "categorical") checkCodes(column);
  }
}

/** Rows as lists, which other libraries take, and whatever else is no matrix. */
function refuseNoMatrix(x: unknown, what: string): void {
  const { rows, columns } = (typeof x === "object" && x !== null ? x : {}) as Partial<FeatureMatrix>;
  const hint =
    'Give columns, not rows: { rows: 3, columns: [{ name: "load", kind: "numeric", values: Float64Array.of(1, 2, 3) }] }.';
  if (!(typeof rows === "number" && Array.isArray(columns)))
    throw new TsopsError("SCHEMA_MISMATCH", `${what} is ${shown(x)}, not { rows, columns }.`, { hint });
  const wrong = columns.findIndex(
    (column: Partial<FeatureColumn> | null | undefined) =>
      !(
        typeof column?.name === "string" &&
        (column.kind === "numeric" || column.kind === "categorical") &&
        isNumbers(column.values)
      ),
  );
  if (wrong !== -1)
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `Column ${wrong} of ${what.toLowerCase()} is no { name, kind, values } with its values in a Float64Array.`,
      { hint, details: { column: wrong } },
    );
}

function isNumbers(values: unknown): values is Float64Array {
  return ArrayBuffer.isView(values) && "length" in values && typeof (values as Float64Array)[0] !== "bigint";
}

function refuseNoNumbers(values: unknown, what: string): void {
  if (isNumbers(values)) return;
  throw new TsopsError("SCHEMA_MISMATCH", `${what} is ${shown(values)}, not a Float64Array.`, {
    hint: "Give Float64Array.from(values).",
  });
}

function checkTarget(y: Float64Array, rows: number, what: string): void {
  refuseNoNumbers(y, capital(what));
  checkLength(y.length, rows, capital(what));
  refuseRows(y, (value) => !Number.isFinite(value), `${capital(what)} must be finite`, {
    hint: "Drop or fill these rows first.",
  });
}

function checkWeights(weights: Float64Array | undefined, rows: number, what: string): void {
  if (weights === undefined) return;
  refuseNoNumbers(weights, capital(what));
  checkLength(weights.length, rows, capital(what));
  refuseRows(
    weights,
    (value) => !(value >= 0 && value < Infinity),
    `${capital(what)} must be finite and not negative`,
  );
  if (!weights.some((weight) => weight > 0))
    throw new TsopsError("VALUE_INVALID", `All ${rows} ${what} are 0.`, {
      hint: "Give at least one row a positive weight, or pass no weights.",
    });
}

function checkCodes(column: FeatureColumn): void {
  refuseRows(
    column.values,
    (value) => !isCode(value),
    `Categorical column "${column.name}" must hold codes 0, 1, 2, ... or NaN`,
  );
}

function isCode(value: number): boolean {
  return (value >= 0 && value <= 0x7fffffff && value % 1 === 0) || Number.isNaN(value);
}

/** @throws TsopsError VALUE_INVALID when the value of a categorical column in a single row is no code. */
export function checkCode(value: number, column: string): void {
  if (isCode(value)) return;
  throw new TsopsError(
    "VALUE_INVALID",
    `The value of the categorical column "${column}" must be a code 0, 1, 2, ... or NaN, got ${shown(value)}.`,
    { hint: "Give NaN where the category is missing.", details: { column } },
  );
}

function checkColumns(
  x: FeatureMatrix,
  expected: readonly Pick<FeatureColumn, "name" | "kind">[],
  what: string,
): void {
  if (x.columns.length !== expected.length)
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `${capital(what)} has ${x.columns.length} columns, the model was fitted on ${expected.length}.`,
      { details: { expected: expected.map(({ name }) => name), found: x.columns.map(({ name }) => name) } },
    );
  expected.forEach(({ name, kind }, index) => {
    const found = x.columns[index] as FeatureColumn;
    if (found.name !== name || found.kind !== kind)
      throw new TsopsError(
        "SCHEMA_MISMATCH",
        `Column ${index} of ${what} is "${found.name}" (${found.kind}), the model was fitted on "${name}" (${kind}).`,
        { hint: "Pass the columns in the order of featureNames." },
      );
  });
}

function checkLength(found: number, rows: number, what: string): void {
  if (found !== rows)
    throw new TsopsError("SCHEMA_MISMATCH", `${what} has ${found} values for ${rows} rows.`);
}

/** @throws TsopsError VALUE_INVALID naming the first rows that break a rule, and how many do. */
export function refuseRows(
  values: Float64Array,
  isWrong: (value: number) => boolean,
  rule: string,
  options: { hint?: string } = {},
): void {
  const wrong: number[] = [];
  let count = 0;
  for (let row = 0; row < values.length; row++) {
    if (!isWrong(values[row] as number)) continue;
    count++;
    if (wrong.length < shownRows) wrong.push(row);
  }
  if (count === 0) return;
  const found = wrong.map((row) => `${values[row]} in row ${row}`).join(", ");
  const more = count > wrong.length ? `, and ${count - wrong.length} more` : "";
  throw new TsopsError("VALUE_INVALID", `${rule}; found ${found}${more}.`, {
    ...options,
    details: { rows: wrong, count },
  });
}

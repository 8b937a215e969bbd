/** How the sum of the trees becomes a prediction. */
export interface Link {
  /**
   * `identity`: the sum itself; `log`: its exponential; `sigmoid`: a probability, 1 / (1 + exp(-slope * sum)); `softplus`: ln(1 + exp(sum));
   * `square`: its square with its sign. Fits have the first two, the others come with models read from LightGBM.
   */
  readonly kind: "identity" | "log" | "sigmoid" | "softplus" | "square";
  /** Of the sigmoid; 1 elsewhere. */
  readonly slope: number;
}

const functions: Readonly<Record<Link["kind"], (score: number, slope: number) => number>> = {
  identity: (score) => score,
  log: (score) => Math.exp(score),
  sigmoid: (score, slope) => 1 / (1 + Math.exp(-slope * score)),
  softplus: (score) => Math.log1p(Math.exp(score)),
  square: (score) => Math.sign(score) * score * score,
};

/** Whether this is a link that `predictionOf` knows. */
export function isLink(value: unknown): value is Link {
  const { kind, slope } = (value ?? {}) as Partial<Link>;
  return typeof kind === "string" && Object.hasOwn(functions, kind) && Number.isFinite(slope);
}

/** The function from scores to predictions. */
export function predictionOf({ kind, slope }: Link): (score: number) => number {
  const of = functions[kind];
  return (score) => of(score, slope);
}

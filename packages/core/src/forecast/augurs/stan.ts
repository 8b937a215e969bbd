import { TsopsError } from "../../errors.ts";
import { loadStan } from "./load-library.ts";

type Optimizer = Awaited<ReturnType<typeof loadStan>>;
type Optimize = Optimizer["optimize"];

/**
 * Instances of Stan in this process; the first is used. Stan was compiled without C++ exceptions: where it would throw one, which about one search in 300 does
 * (a step to where nothing is defined), the WebAssembly is stopped in the middle. Its memory is then in disorder, and later searches fail or never
 * end, so the instance is given up. Loading takes a promise, which `predict` after an `update` has not: a second one stands by.
 */
const instances: Optimizer[] = [];
const wanted = 2;
let loads = 0;
let loading: Promise<void> | null = null;

/** Sees to it that there is an instance to use, and one in reserve. @throws TsopsError ADAPTER_MISSING_DEPENDENCY. */
export async function readyStan(): Promise<void> {
  if (instances.length >= wanted) return;
  loading ??= loadMissing().finally(() => {
    loading = null;
  });
  await loading;
}

async function loadMissing(): Promise<void> {
  while (instances.length < wanted) instances.push(await loadStan(loads++));
}

/** Deviations of the noise that a search begins with, as shares of the usual one: another start takes another way to the same place. */
const starts = [1, 0.5, 0.25];

/**
 * Finds parameters by Stan; where the search finds no end or is stopped, from another start.
 * @throws TsopsError FIT_FAILED.
 */
export const optimize: Optimize = (init, data, options) => {
  let failure: TsopsError | undefined;
  for (const start of starts) {
    const [instance] = instances;
    if (instance === undefined) break;
    try {
      return instance.optimize({ ...init, sigmaObs: start * init.sigmaObs }, data, options);
    } catch (error) {
      // What Stan tells in order is a payload; anything else has stopped it.
      const isInOrder = typeof error === "object" && error !== null && Object.hasOwn(error, "payload");
      failure = isInOrder ? searchFailed((error as { payload: unknown }).payload, error) : stopped(error);
      if (isInOrder) continue;
      instances.shift();
      // Whoever waits for it hears why it cannot be loaded.
      readyStan().catch(() => {});
    }
  }
  throw (
    failure ??
    new TsopsError("FIT_FAILED", "Stan was stopped by other series, and is being loaded anew.", {
      hint: "Call again once others had their turn: after `await`, or in a new fit.",
    })
  );
};

function searchFailed(payload: unknown, cause: unknown): TsopsError {
  return new TsopsError("FIT_FAILED", `Stan: ${oneLine(payload)}`, {
    hint: "Series without any noise, or of few rows, may end so. Take another model for them.",
    cause,
  });
}

function stopped(cause: unknown): TsopsError {
  return new TsopsError("FIT_FAILED", `Stan was stopped: ${oneLine(cause)}.`, {
    hint: "Look at the values of this series, or take another model for it.",
    cause,
  });
}

function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").trim();
}

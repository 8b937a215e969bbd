import { type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import type { DenseEncoding } from "./dense-encoder.ts";

/** Everything a fitted ridge consists of. */
export interface RidgeState {
  readonly encoding: DenseEncoding;
  readonly intercept: number;
  /** One per encoded column. */
  readonly coefficients: Float64Array<ArrayBuffer>;
}

/** A model as bytes; equal models give equal bytes. */
export function saveRidge({ encoding, intercept, coefficients }: RidgeState): Uint8Array {
  return writeBinary(
    "ridge",
    1,
    { encoding: encoding as unknown as JsonValue },
    { intercept: Float64Array.of(intercept), coefficients },
  );
}

/**
 * Reads what `saveRidge` wrote.
 * @throws TsopsError MODEL_FORMAT_INVALID
 */
export function loadRidge(bytes: Uint8Array): RidgeState {
  const contents = readBinary(bytes, "ridge", 1);
  return {
    encoding: contents.header["encoding"] as unknown as DenseEncoding,
    intercept: contents.array("intercept", "float64", 1)[0] as number,
    coefficients: contents.array("coefficients", "float64"),
  };
}

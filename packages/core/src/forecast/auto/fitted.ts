import { readBinary, writeBinary } from "../../bytes.ts";
import { canonicalJson, parseCanonicalJson } from "../../canonical-json.ts";
import { type FittedConformal, loadConformal } from "../conformal/fitted.ts";
import type { FittedForecaster } from "../forecaster.ts";
import type { AutoChoice } from "./choice.ts";

/** The chosen forecasters, fitted and combined, with intervals. */
export interface FittedAuto<Known extends string = string> extends FittedForecaster<Known> {
  readonly kind: "auto";
  /** What was chosen, and why. */
  readonly choice: AutoChoice;
  /** The combination within its intervals. */
  readonly forecaster: FittedConformal<Known>;
  /** Draws paths of steps and series together, for sums with honest intervals; see `FittedConformal.samplePaths`. */
  readonly samplePaths: FittedConformal<Known>["samplePaths"];
  update(...args: Parameters<FittedForecaster<Known>["update"]>): FittedAuto<Known>;
}

/** A fitted automatic forecaster from its parts. */
export function fittedAuto<Known extends string>(
  made: AutoChoice,
  forecaster: FittedConformal<Known>,
): FittedAuto<Known> {
  const choice = { ...made, lowest: forecaster.lowest };
  return {
    ...forecaster,
    kind: "auto",
    choice,
    forecaster,
    update: (rows) => fittedAuto(choice, forecaster.update(rows)),
    save: () =>
      writeBinary(
        "auto",
        1,
        { choice: canonicalJson(choice) },
        { forecaster: forecaster.save() as Uint8Array<ArrayBuffer> },
      ),
  };
}

/**
 * Restores a saved automatic forecaster.
 * @param loadMember - Restores the forecasters within.
 * @throws TsopsError MODEL_FORMAT_INVALID.
 */
export function loadAuto(bytes: Uint8Array, loadMember: (bytes: Uint8Array) => FittedForecaster): FittedAuto {
  const contents = readBinary(bytes, "auto", 1);
  const { choice } = contents.header as unknown as { readonly choice: string };
  return fittedAuto(
    parseCanonicalJson(choice) as AutoChoice,
    loadConformal(contents.array("forecaster", "uint8"), loadMember),
  );
}

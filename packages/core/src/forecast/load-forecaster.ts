import { readBinary } from "../bytes.ts";
import { TsopsError } from "../errors.ts";
import { checkList, checkOptions, shown } from "../options.ts";
import { loadAuto } from "./auto/fitted.ts";
import { loadConformal } from "./conformal/fitted.ts";
import { loadEnsemble } from "./ensemble/fitted.ts";
import type { FittedForecaster } from "./forecaster.ts";
import { gbdt } from "./gbdt/gbdt.ts";
import { loadReconciled } from "./hierarchy/fitted.ts";
import { localForecasterOf } from "./models/local-forecasters.ts";
import { loadReduce } from "./reduce/fitted.ts";
import type { Regressor } from "./regressor.ts";
import { elasticNet } from "./regressors/elastic-net.ts";
import { knn } from "./regressors/knn.ts";

/** What a saved forecaster may be made of besides the built-in parts. */
export interface LoadForecasterOptions {
  /** Regressors that live behind a subpath, e.g. `[ridge()]`; their settings do not matter for loading. */
  readonly regressors?: readonly Regressor[];
}

/**
 * Restores any built-in forecaster from what its `save` wrote: the bytes name their kind. An `ArrayBuffer`, as `fetch` and blobs give it, is taken as its bytes.
 * @throws TsopsError MODEL_FORMAT_INVALID for damaged or foreign bytes, or a regressor that is not given.
 */
export function loadForecaster(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadForecasterOptions = {},
): FittedForecaster {
  if (bytes instanceof ArrayBuffer) return loadForecaster(new Uint8Array(bytes), options);
  if (!(bytes instanceof Uint8Array))
    throw new TsopsError("MODEL_FORMAT_INVALID", `A saved forecaster is bytes, got ${shown(bytes)}.`, {
      hint: "Read the file first, or give what fitted.save() returned.",
    });
  checkOptions("MODEL_PARAMETER_INVALID", "loadForecaster()", options, { regressors: true });
  if (options.regressors !== undefined)
    checkList("MODEL_PARAMETER_INVALID", "regressors", options.regressors);
  const { kind } = readBinary(bytes);
  const local = localForecasterOf(kind);
  if (local !== undefined) return local.load(bytes);
  const regressors = [...(options.regressors ?? []), gbdt(), elasticNet(), knn()];
  switch (kind) {
    case "reduce":
      return loadReduce(bytes, regressors);
    case "ensemble":
      return loadEnsemble(bytes, (inner) => loadForecaster(inner, options));
    case "auto":
      return loadAuto(bytes, (inner) => loadForecaster(inner, options));
    case "conformal":
      return loadConformal(bytes, (inner) => loadForecaster(inner, options));
    case "reconciled":
      return loadReconciled(bytes, (inner) => loadForecaster(inner, options));
    case "augursEts":
    case "augursMstl":
    case "augursProphet":
      throw new TsopsError(
        "MODEL_FORMAT_INVALID",
        `These bytes hold a "${kind}", which loadForecaster() does not load: it would need augurs.`,
        {
          hint: `Import ${kind} from "@tsops/core/augurs" and load with the forecaster that was fitted: (await ${kind}(...)).load(bytes), or conformal(await ${kind}(...)).load(bytes) where it is within another.`,
          details: { kind },
        },
      );
    default:
      throw new TsopsError(
        "MODEL_FORMAT_INVALID",
        `These bytes hold a "${kind}", which is no forecaster of tsops.`,
        {
          hint: "Load them with the forecaster that saved them: forecaster.load(bytes).",
          details: { kind },
        },
      );
  }
}

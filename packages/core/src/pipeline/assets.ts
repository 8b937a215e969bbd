import type { JsonValue } from "../bytes.ts";
import { canonicalJson } from "../canonical-json.ts";
import { TsopsError } from "../errors.ts";
import { checkList, checkOptions, shown } from "../options.ts";
import type { CallOptions } from "../ports/call-options.ts";
import type { Clock } from "../ports/clock.ts";
import type { Announcement, AssetEvent, Ledger } from "../ports/ledger.ts";

/** Facts about an event, as plain JSON values. */
export type AssetExtra = Readonly<Record<string, JsonValue>>;

/**
 * Airflow rewrites other URIs (a trailing slash, a query, a fragment), and an asset would not be found under its name.
 * Its own scheme it refuses.
 */
const assetPattern = /^(?!airflow:)[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9._~-]*(\/[A-Za-z0-9._~-]+)+$/;

/** @throws TsopsError PIPELINE_INVALID for texts that are no URI of an asset, and for repeated ones */
export function checkAssets(name: string, assets: readonly string[]): void {
  checkList("PIPELINE_INVALID", name, assets);
  for (const asset of assets)
    if (typeof asset !== "string" || asset.length > 1500 || !assetPattern.test(asset))
      throw new TsopsError("PIPELINE_INVALID", `${name} has ${shown(asset)}, which is no URI of an asset.`, {
        hint: 'Write a scheme, a name and a path of letters, digits and . _ ~ -, e.g. "tsops://models/load".',
      });
  if (new Set(assets).size !== assets.length)
    throw new TsopsError("PIPELINE_INVALID", `${name} has an asset twice: ${assets.join(", ")}.`);
}

/**
 * Collects what a step announces.
 * @param announces - What the step said that it may announce.
 */
export function collectAnnouncements(step: string, announces: readonly string[]) {
  const announced: Announcement[] = [];
  return {
    announced,
    announce(asset: string, extra: AssetExtra = {}): void {
      if (!announces.includes(asset))
        throw new TsopsError(
          "PIPELINE_INVALID",
          `"${step}" announced ${shown(asset)}, which it did not declare.`,
          {
            hint:
              announces.length === 0
                ? `Declare it: { announces: [${JSON.stringify(asset)}] } beside its function.`
                : `It declares ${announces.join(", ")}.`,
            details: { step },
          },
        );
      announced.push({ asset, extra: plainExtra(`"${step}"`, extra) });
    },
  };
}

/** A copy, so that what is said later cannot be changed. */
function plainExtra(who: string, extra: AssetExtra): AssetExtra {
  const refuse = (cause?: unknown): never => {
    throw new TsopsError("PIPELINE_INVALID", `${who} announced facts that are not plain JSON.`, {
      hint: "Give an object of texts, finite numbers, booleans, null, lists and objects, without keys that begin with $; a bigint as text.",
      ...(cause === undefined ? {} : { cause }),
    });
  };
  if (typeof extra !== "object" || extra === null || Array.isArray(extra)) return refuse();
  try {
    const text = JSON.stringify(extra);
    const isSame = canonicalJson(JSON.parse(text)) === canonicalJson(extra);
    // Such keys have a meaning in the JSON that the command writes.
    return isSame && !/"\$[^"]*":/.test(text) ? JSON.parse(text) : refuse();
  } catch (cause) {
    return TsopsError.is(cause, "PIPELINE_INVALID") ? refuse() : refuse(cause);
  }
}

/** What `announceAsset` needs. */
export interface AnnounceOptions extends CallOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly extra?: AssetExtra;
}

/**
 * Says from outside of any pipeline that something happened to an asset; pipelines with `.onAssetEvent(asset)` run.
 * @throws TsopsError PIPELINE_INVALID for a text that is no URI of an asset, or facts that are not plain JSON
 * @example
 * await announceAsset("tsops://tables/load", { ledger: home.ledger, clock: systemClock(), extra: { rows: 24 } });
 */
export async function announceAsset(asset: string, options: AnnounceOptions): Promise<AssetEvent> {
  checkOptions("PIPELINE_INVALID", "announceAsset()", options, {
    ledger: true,
    clock: true,
    extra: true,
    signal: true,
  });
  checkAssets("announceAsset()", [asset]);
  const { ledger, clock, extra = {}, signal } = options;
  const plain = plainExtra("announceAsset()", extra);
  return ledger.announce({ asset, extra: plain }, clock.now(), { signal });
}

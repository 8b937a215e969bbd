import { type BinaryContents, readBinary, writeBinary } from "@tsops/core";
import type { StreamScale } from "./stream-scale.ts";
import type { StreamState } from "./stream-state.ts";

/** What a saved stream says of itself beside its numbers. */
export interface StreamHeader {
  readonly column: string;
  readonly alpha: number;
  readonly frequency: string;
  readonly zone: string;
  readonly unit?: string;
}

/** Values that were left out. */
interface LeftOut {
  readonly missing: number;
  readonly late: number;
}

const kind = "streaming-drift";
const version = 5;

const modelArrays = [
  "means",
  "counts",
  "phi",
  "inverse",
  "lags",
  "lagErrors",
  "wild",
  "levels",
  "pastPhi",
  "recentPhi",
] as const;
const capitalArrays = ["total", "best", "since", "rows", "sums", "squares"] as const;
const levelArrays = ["since", "rows", "learnt", "sums", "information", "stakes"] as const;
/** Bets have arrays of the same names. */
const levelPrefix = "level-";
const rankArrays = ["edges", "counts"] as const;
const ownArrays = ["scales", "waveSums", "waveWeights", "recentRanks", "clock"] as const;

/** All numbers of a stream, bit by bit. */
export function writeStream(
  header: StreamHeader,
  {
    seasons,
    scale: onScale,
    dither,
    settings,
    seasonalLag,
    volatility,
    shiftVariance,
    powers,
    rankNoise,
    noiseSeed,
    model,
    ranks,
    slowLevel,
    capitals,
    levelBets,
    levelBlocks,
    scaleBlocks,
    ...own
  }: StreamState,
  { missing, late }: LeftOut,
): Uint8Array {
  const { level, season, scale, shape } = powers;
  return writeBinary(
    kind,
    version,
    { ...header, seasons: [...seasons], missing, late },
    {
      settings: Float64Array.of(settings.deviation, settings.referenceRows, shiftVariance, rankNoise),
      scale: Float64Array.of(onScale.power, onScale.shift, onScale.least, onScale.centre),
      atoms: Float64Array.from(dither.atoms),
      widths: Float64Array.from(dither.widths),
      others: Float64Array.of(dither.others),
      seeds: Float64Array.of(dither.seed, noiseSeed),
      seasonalWeight: Float64Array.of(seasonalLag.weight),
      lastSeason: Float64Array.from(seasonalLag.last),
      volatility: Float64Array.of(volatility.shock, volatility.memory),
      powers: Float64Array.of(level, season, scale, shape),
      slowLevel: Float64Array.of(slowLevel.weight, slowLevel.keep, Number(slowLevel.isSuspected)),
      slowSum: Float64Array.from(slowLevel.sum),
      rankLimits: Float64Array.from(ranks.limits),
      ...Object.assign({}, ...ranks.bins.map((bins, group) => pick(bins, rankArrays, `rank-${group}-`))),
      ...pick(model, modelArrays),
      ...pick(capitals, capitalArrays),
      levelBlocks: Float64Array.from(levelBlocks.numbers),
      scaleBlocks: Float64Array.from(scaleBlocks.numbers),
      ...pick(levelBets, levelArrays, levelPrefix),
      ...pick(own, ownArrays),
    },
  );
}

/** Reads what `writeStream` wrote. @throws TsopsError MODEL_FORMAT_INVALID */
export function readStream(bytes: Uint8Array): { header: StreamHeader; state: StreamState } & LeftOut {
  const contents = readBinary(bytes, kind, version);
  const { seasons, missing, late, ...header } = contents.header as unknown as StreamHeader &
    LeftOut & { readonly seasons: readonly number[] };
  const read = <Name extends string>(names: readonly Name[], prefix = "") =>
    Object.fromEntries(names.map((name) => [name, contents.array(prefix + name, "float64")])) as Record<
      Name,
      Float64Array<ArrayBuffer>
    >;
  const [deviation, referenceRows, shiftVariance, rankNoise] = numbers(contents, "settings", 4);
  const [power, shift, least, centre] = numbers(contents, "scale", 4);
  const [ditherSeed, noiseSeed] = numbers(contents, "seeds", 2);
  const [weight, keep, isSuspected] = numbers(contents, "slowLevel", 3);
  const limits = contents.array("rankLimits", "float64");
  const [shock, memory] = numbers(contents, "volatility", 2);
  const [level, season, scale, shape] = numbers(contents, "powers", 4);
  return {
    header,
    missing,
    late,
    state: {
      seasons,
      scale: { power: power as StreamScale["power"], shift, least, centre },
      dither: {
        atoms: contents.array("atoms", "float64"),
        widths: contents.array("widths", "float64"),
        others: contents.array("others", "float64", 1)[0] as number,
        seed: ditherSeed,
      },
      settings: { deviation, referenceRows },
      seasonalLag: {
        weight: contents.array("seasonalWeight", "float64", 1)[0] as number,
        last: contents.array("lastSeason", "float64"),
      },
      volatility: { shock, memory },
      shiftVariance,
      rankNoise,
      noiseSeed,
      powers: { level, season, scale, shape },
      model: read(modelArrays),
      slowLevel: {
        weight,
        keep,
        sum: contents.array("slowSum", "float64", 1),
        isSuspected: isSuspected === 1,
      },
      ranks: {
        limits,
        bins: Array.from({ length: limits.length + 1 }, (_, group) => read(rankArrays, `rank-${group}-`)),
      },
      capitals: read(capitalArrays),
      levelBlocks: { numbers: contents.array("levelBlocks", "float64", 5) },
      scaleBlocks: { numbers: contents.array("scaleBlocks", "float64", 5) },
      levelBets: read(levelArrays, levelPrefix),
      ...read(ownArrays),
    },
  };
}

function pick<Name extends string>(
  from: Readonly<Record<Name, Float64Array>>,
  names: readonly Name[],
  prefix = "",
): Record<string, Float64Array<ArrayBuffer>> {
  return Object.fromEntries(names.map((name) => [prefix + name, Float64Array.from(from[name])]));
}

/** The first numbers of an array. */
function numbers(contents: BinaryContents, name: string, count: number) {
  return contents.array(name, "float64", count) as unknown as readonly [number, number, number, number];
}

import { readBinary, TsopsError, writeBinary } from "@tsops/core";
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
const version = 1;

const modelArrays = [
  "means",
  "counts",
  "phi",
  "inverse",
  "lags",
  "lagErrors",
  "levels",
  "pastPhi",
  "recentPhi",
] as const;
const capitalArrays = ["total", "best", "since", "rows", "sums", "squares"] as const;
const ownArrays = ["scales", "waveSums", "waveWeights", "recentRanks", "clock"] as const;

/** All numbers of a stream, bit by bit. */
export function writeStream(
  header: StreamHeader,
  { seasons, settings, powers, model, bins, capitals, ...own }: StreamState,
  { missing, late }: LeftOut,
): Uint8Array {
  const { level, season, scale, shape } = powers;
  return writeBinary(
    kind,
    version,
    { ...header, seasons: [...seasons], missing, late },
    {
      settings: Float64Array.of(settings.deviation, settings.referenceRows),
      powers: Float64Array.of(level, season, scale, shape),
      edges: Float64Array.from(bins.edges),
      rankCounts: Float64Array.from(bins.counts),
      ...pick(model, modelArrays),
      ...pick(capitals, capitalArrays),
      ...pick(own, ownArrays),
    },
  );
}

/** Reads what `writeStream` wrote. @throws TsopsError MODEL_FORMAT_INVALID */
export function readStream(bytes: Uint8Array): { header: StreamHeader; state: StreamState } & LeftOut {
  if (!(bytes instanceof Uint8Array))
    throw new TsopsError("MODEL_FORMAT_INVALID", "A saved stream is bytes.", {
      hint: "Pass the Uint8Array that save() returned.",
    });
  const contents = readBinary(bytes, kind, version);
  const { seasons, missing, late, ...header } = contents.header as unknown as StreamHeader &
    LeftOut & { readonly seasons: readonly number[] };
  const read = <Name extends string>(names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, contents.array(name, "float64")])) as Record<
      Name,
      Float64Array<ArrayBuffer>
    >;
  const [deviation, referenceRows] = contents.array("settings", "float64", 2) as unknown as [number, number];
  const [level, season, scale, shape] = contents.array("powers", "float64", 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  return {
    header,
    missing,
    late,
    state: {
      seasons,
      settings: { deviation, referenceRows },
      powers: { level, season, scale, shape },
      model: read(modelArrays),
      bins: { edges: contents.array("edges", "float64"), counts: contents.array("rankCounts", "float64") },
      capitals: read(capitalArrays),
      ...read(ownArrays),
    },
  };
}

function pick<Name extends string>(
  from: Readonly<Record<Name, Float64Array>>,
  names: readonly Name[],
): Record<Name, Float64Array<ArrayBuffer>> {
  return Object.fromEntries(names.map((name) => [name, Float64Array.from(from[name])])) as Record<
    Name,
    Float64Array<ArrayBuffer>
  >;
}

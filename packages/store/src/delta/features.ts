import { TsopsError } from "@tsops/core";
import type { MetaDataAction, ProtocolAction } from "./actions.ts";

/** Protocol of the tables that tsops creates. */
export const ourProtocol: ProtocolAction = { minReaderVersion: 1, minWriterVersion: 2 };

/** Features of writer version 2, which a newer protocol may list by name. */
const writableFeatures = ["appendOnly", "invariants"];

/** @throws TsopsError STORE_UNSUPPORTED naming what a reader would have to understand */
export function refuseUnreadable(protocol: ProtocolAction, metaData: MetaDataAction | null): void {
  const features: string[] = [];
  if (protocol.minReaderVersion >= 3) features.push(...(protocol.readerFeatures ?? []));
  if (protocol.minReaderVersion === 2) features.push("columnMapping");
  if (protocol.minReaderVersion > 1 && features.length === 0)
    features.push(`reader version ${protocol.minReaderVersion}`);
  const mapping = metaData?.configuration?.["delta.columnMapping.mode"];
  if (mapping !== undefined && mapping !== "none" && !features.includes("columnMapping"))
    features.push("columnMapping");
  const partitions = metaData?.partitionColumns ?? [];
  if (partitions.length > 0) features.push(`partition columns (${partitions.join(", ")})`);
  const provider = metaData?.format.provider;
  if (provider !== undefined && provider !== "parquet") features.push(`format ${provider}`);
  if (features.length > 0)
    throw unsupported(
      features,
      "cannot read",
      "Rewrite the table without them (reader version 1) in the tool that wrote it.",
    );
}

/** @throws TsopsError STORE_UNSUPPORTED naming what a writer would have to understand */
export function refuseUnwritable(protocol: ProtocolAction, metaData: MetaDataAction): void {
  const { minWriterVersion, writerFeatures } = protocol;
  const features: string[] = [];
  if (minWriterVersion > 2) {
    const listed = minWriterVersion >= 7 ? (writerFeatures ?? []) : [`writer version ${minWriterVersion}`];
    features.push(...listed.filter((feature) => !writableFeatures.includes(feature)));
  }
  if (metaData.schemaString.includes('"delta.invariants"')) features.push("column invariants");
  if (features.length > 0)
    throw unsupported(
      features,
      "cannot write",
      "Append with the tool that wrote the table; tsops can still read it.",
    );
}

function unsupported(features: readonly string[], verb: string, hint: string): TsopsError {
  return new TsopsError(
    "STORE_UNSUPPORTED",
    `The table uses the Delta feature${features.length === 1 ? "" : "s"} ${features.join(", ")}, which tsops ${verb}.`,
    { hint, details: { features } },
  );
}

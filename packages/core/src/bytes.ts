import { TsopsError } from "./errors.ts";
import { shown } from "./options.ts";

/** Element types a container can hold. */
export type BinaryArrayType = keyof typeof elementTypes;
/** A named array as it goes into a container. */
export type BinaryArray = InstanceType<(typeof elementTypes)[BinaryArrayType]>;
type ArrayOf<T extends BinaryArrayType> = InstanceType<(typeof elementTypes)[T]>;

/** Anything JSON can hold without loss: no NaN, no infinities, no bigint. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** What `readBinary` found. */
export interface BinaryContents {
  /** What the bytes are, e.g. `"gbdt"`. */
  readonly kind: string;
  /** Version of the kind's own layout. */
  readonly version: number;
  /** The JSON header as it was written. */
  readonly header: Readonly<Record<string, JsonValue>>;
  /** Names of the arrays, in the order they were written. */
  readonly arrayNames: readonly string[];
  /**
   * A copy of one array.
   * @throws TsopsError MODEL_FORMAT_INVALID when it is absent, of another type, or (when given) of another length.
   */
  array<T extends BinaryArrayType>(name: string, type: T, length?: number): ArrayOf<T>;
}

const elementTypes = {
  uint8: Uint8Array<ArrayBuffer>,
  int32: Int32Array<ArrayBuffer>,
  uint32: Uint32Array<ArrayBuffer>,
  float32: Float32Array<ArrayBuffer>,
  float64: Float64Array<ArrayBuffer>,
  int64: BigInt64Array<ArrayBuffer>,
} as const;

const magic = "tsopsbin";
const containerVersion = 1;
const prefixLength = 32;

interface Directory {
  readonly kind: string;
  readonly version: number;
  readonly header: Record<string, JsonValue>;
  readonly arrays: readonly { name: string; type: BinaryArrayType; offset: number; length: number }[];
}

/**
 * Writes a JSON header and named typed arrays as one self-describing block of bytes. Equal input gives equal bytes.
 *
 * Layout, little-endian: magic `tsopsbin`; uint32 container version; uint32 CRC-32 of everything after it;
 * float64 total length; uint32 length of the JSON directory, uint32 zero; the directory (UTF-8); the arrays, each at a
 * multiple of 8 bytes.
 * @throws TypeError when the header holds a value that JSON would change (NaN, infinities, bigint, functions).
 */
export function writeBinary(
  kind: string,
  version: number,
  header: Readonly<Record<string, JsonValue>>,
  arrays: Readonly<Record<string, BinaryArray>>,
): Uint8Array {
  let dataLength = 0;
  const entries = Object.entries(arrays).map(([name, array]) => {
    const entry = { name, type: typeOf(array), offset: dataLength, length: array.length };
    dataLength = aligned(dataLength + array.byteLength);
    return entry;
  });
  const directory: Directory = { kind, version, header, arrays: entries };
  const json = new TextEncoder().encode(JSON.stringify(directory, refuseLossy));
  const dataStart = aligned(prefixLength + json.length);
  const bytes = new Uint8Array(dataStart + dataLength);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < magic.length; i++) bytes[i] = magic.charCodeAt(i);
  view.setUint32(8, containerVersion, true);
  view.setFloat64(16, bytes.length, true);
  view.setUint32(24, json.length, true);
  bytes.set(json, prefixLength);
  for (const { name, offset } of entries) {
    const array = arrays[name] as BinaryArray;
    bytes.set(littleEndian(array), dataStart + offset);
  }
  view.setUint32(12, crc32(bytes, 16), true);
  return bytes;
}

/**
 * Reads what `writeBinary` wrote. The arrays are copied, so the given bytes may be reused.
 * @param kind - When given, bytes of another kind are refused.
 * @throws TsopsError MODEL_FORMAT_INVALID when the bytes are foreign, truncated, damaged, or of another kind or version.
 */
export function readBinary(bytes: Uint8Array, kind?: string, version?: number): BinaryContents {
  if (!(bytes instanceof Uint8Array))
    throw invalid(
      `What was saved is bytes, and this is ${shown(bytes)}.`,
      "Pass the Uint8Array that was saved, as it is.",
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = String.fromCharCode(...bytes.subarray(0, magic.length));
  if (found !== magic)
    throw invalid(
      `These ${bytes.length} bytes were not saved by tsops: they do not begin with "${magic}".`,
      "Pass the bytes exactly as save() returned them.",
    );
  if (bytes.length < prefixLength)
    throw invalid(
      `The bytes end after ${bytes.length}, inside the ${prefixLength} bytes of their prefix.`,
      cutHint,
    );
  const containerFound = view.getUint32(8, true);
  if (containerFound !== containerVersion)
    throw invalid(
      `The bytes have container version ${containerFound}; this release reads ${containerVersion}.`,
      "Load them with the release of tsops that saved them.",
    );
  const total = view.getFloat64(16, true);
  if (total !== bytes.length)
    throw invalid(
      `The saved block is ${total} bytes long, but ${bytes.length} bytes were given.`,
      bytes.length < total
        ? cutHint
        : "Pass the bytes exactly as save() returned them, with nothing after them.",
    );
  if (view.getUint32(12, true) !== crc32(bytes, 16))
    throw invalid(
      "The checksum does not match: the bytes were damaged after they were saved.",
      "Copy them again from where they were saved, as bytes and not as text; or fit and save again.",
    );
  const jsonLength = view.getUint32(24, true);
  const directory = parseDirectory(bytes.subarray(prefixLength, prefixLength + jsonLength));
  const dataStart = aligned(prefixLength + jsonLength);

  if (kind !== undefined && directory.kind !== kind)
    throw invalid(
      `Expected the bytes of a "${kind}", found a "${directory.kind}".`,
      `Load them with the "${directory.kind}" that saved them; loadForecaster(bytes) takes those of any forecaster.`,
    );
  if (version !== undefined && directory.version !== version)
    throw invalid(
      `The bytes of this "${directory.kind}" have layout version ${directory.version}; this release reads ${version}.`,
      "Load them with the release of tsops that saved them, or fit the model again.",
    );
  return {
    kind: directory.kind,
    version: directory.version,
    header: directory.header,
    arrayNames: directory.arrays.map((entry) => entry.name),
    array<T extends BinaryArrayType>(name: string, type: T, length?: number): ArrayOf<T> {
      const entry = directory.arrays.find((candidate) => candidate.name === name);
      if (entry === undefined) throw invalid(`The "${directory.kind}" has no array "${name}".`);
      if (entry.type !== type)
        throw invalid(`Array "${name}" of the "${directory.kind}" holds ${entry.type}, expected ${type}.`);
      if (length !== undefined && entry.length !== length)
        throw invalid(
          `Array "${name}" of the "${directory.kind}" has ${entry.length} values, expected ${length}.`,
        );
      const { BYTES_PER_ELEMENT: size } = elementTypes[type];
      const start = dataStart + entry.offset;
      if (!(start + entry.length * size <= bytes.length))
        throw invalid(`Array "${name}" of the "${directory.kind}" reaches beyond the end of the bytes.`);
      // Not by slice: that of a Buffer, which files are read into, does not copy.
      const copy = new Uint8Array(bytes.subarray(start, start + entry.length * size));
      return fromLittleEndian(type, copy) as ArrayOf<T>;
    },
  };
}

function parseDirectory(json: Uint8Array): Directory {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)) as Directory;
  } catch (cause) {
    throw invalid("The directory of the saved block is not JSON.", undefined, cause);
  }
}

function typeOf(array: BinaryArray): BinaryArrayType {
  for (const [type, arrayClass] of Object.entries(elementTypes))
    if (array instanceof arrayClass) return type as BinaryArrayType;
  throw new TypeError(`Cannot save an array of type ${Object.prototype.toString.call(array)}.`);
}

function refuseLossy(key: string, value: unknown): unknown {
  if (
    typeof value === "bigint" ||
    typeof value === "function" ||
    (typeof value === "number" && !Number.isFinite(value))
  )
    throw new TypeError(`Header field "${key}" holds ${String(value)}, which JSON cannot hold.`);
  return value;
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

function littleEndian(array: BinaryArray): Uint8Array {
  const raw = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return isLittleEndian ? raw : swapped(raw, array.BYTES_PER_ELEMENT);
}

function fromLittleEndian(type: BinaryArrayType, copy: Uint8Array<ArrayBuffer>): BinaryArray {
  const { BYTES_PER_ELEMENT: size } = elementTypes[type];
  const native = isLittleEndian ? copy : swapped(copy, size);
  return new elementTypes[type](native.buffer);
}

function swapped(raw: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(raw);
  for (let start = 0; start < result.length; start += size) result.subarray(start, start + size).reverse();
  return result;
}

function aligned(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}

/** CRC-32 (ISO-HDLC, as in zip and PNG) of `bytes` from `start` to the end, as an unsigned integer. */
export function crc32(bytes: Uint8Array, start = 0): number {
  let crc = -1;
  for (let i = start; i < bytes.length; i++)
    crc = (crcTable[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}

const crcTable = Int32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

const cutHint =
  "The end is missing: copy the file again, or wait until it is written; or fit and save again.";

function invalid(message: string, hint?: string, cause?: unknown): TsopsError {
  return new TsopsError("MODEL_FORMAT_INVALID", message, { ...(hint === undefined ? {} : { hint }), cause });
}

import { type Kernels, plainKernels } from "./kernels.ts";
import { kernelsWasm } from "./wasm/kernels-wasm.ts";

// The part of the platform's WebAssembly that is used: neither ES2023 nor the types of Node declare it.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(size: { initial: number; maximum: number; shared: boolean });
    readonly buffer: ArrayBufferLike;
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, Memory>>);
    readonly exports: Record<string, unknown>;
  }
}

/** Arrays that the kernels work on, and the kernels that can work on them. */
export interface Workspace {
  readonly kernels: Kernels;
  float64(length: number): Float64Array;
  int32(length: number): Int32Array;
  uint32(length: number): Uint32Array;
  uint8(length: number): Uint8Array;
}

/** A workspace that other threads can work on. */
export interface SharedWorkspace extends Workspace {
  readonly shared: { readonly module: object; readonly memory: object };
}

const alignment = 64;
const pageBytes = 65536;
const maxPages = 65536;

/** Bytes that an array takes in a workspace. */
export function spaceFor(length: number, bytesPerElement: number): number {
  return Math.ceil((length * bytesPerElement) / alignment) * alignment;
}

/**
 * A workspace for arrays of so many bytes in total, by `spaceFor`. They lie in the memory of a WebAssembly module where there is one and it is large
 * enough (4 GiB), and on the JavaScript heap otherwise. Memory that is never written to is not used up.
 */
export function createWorkspace(bytes: number): Workspace {
  return inWasm(bytes, false) ?? plainWorkspace;
}

/** The same in memory that threads share; undefined where there is no such thing. */
export function createSharedWorkspace(bytes: number): SharedWorkspace | undefined {
  return typeof SharedArrayBuffer === "undefined" ? undefined : inWasm(bytes, true);
}

function inWasm(bytes: number, shared: boolean): SharedWorkspace | undefined {
  const pages = Math.ceil((bytes + alignment) / pageBytes);
  const module = pages <= maxPages ? compiledKernels(shared) : undefined;
  if (module === undefined) return undefined;
  try {
    return wasmWorkspace(module, new WebAssembly.Memory({ initial: pages, maximum: pages, shared }));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Ordinary arrays and kernels in JavaScript. */
export const plainWorkspace: Workspace = {
  kernels: plainKernels,
  float64: (length) => new Float64Array(length),
  int32: (length) => new Int32Array(length),
  uint32: (length) => new Uint32Array(length),
  uint8: (length) => new Uint8Array(length),
};

const compiled = new Map<boolean, WebAssembly.Module | undefined>();

/** Undefined where WebAssembly or its vector instructions are missing or forbidden. */
function compiledKernels(shared: boolean): WebAssembly.Module | undefined {
  if (!compiled.has(shared)) compiled.set(shared, compile(shared));
  return compiled.get(shared);
}

function compile(shared: boolean): WebAssembly.Module | undefined {
  try {
    const bytes = Uint8Array.from(atob(kernelsWasm), (character) => character.charCodeAt(0));
    return new WebAssembly.Module(shared ? importingSharedMemory(bytes) : bytes);
  } catch {
    return undefined;
  }
}

/**
 * The module for a shared memory differs in the type of the memory that it imports, its one import: limits of the kind 3 (shared, with a maximum) from 0 to 65536 pages
 * in place of the kind 0 from 0.
 */
function importingSharedMemory(bytes: Uint8Array): Uint8Array {
  const names = [
    9,
    ...Array.from("workspace", (c) => c.charCodeAt(0)),
    6,
    ...Array.from("memory", (c) => c.charCodeAt(0)),
  ];
  const section = [2, names.length + 4, 1, ...names, 2, 0, 0];
  const at = bytes.findIndex((_, start) => section.every((byte, i) => bytes[start + i] === byte));
  if (at < 0) throw new Error("The module of kernels has another import than its one memory.");
  const wanted = [2, names.length + 7, 1, ...names, 2, 3, 0, 0x80, 0x80, 0x04];
  return Uint8Array.from([...bytes.subarray(0, at), ...wanted, ...bytes.subarray(at + section.length)]);
}

interface WasmExports {
  addRows(...pointers: number[]): void;
  divide(row: number, end: number, spill: number, column: number, goesLeft: number): number;
  subtract(from: number, what: number, end: number): void;
  scanColumns(...values: number[]): void;
}

function wasmWorkspace(module: WebAssembly.Module, memory: WebAssembly.Memory): SharedWorkspace {
  const instance = new WebAssembly.Instance(module, { workspace: { memory } });
  const { addRows, divide, subtract, scanColumns } = instance.exports as unknown as WasmExports;
  let used = 0;
  const place = (length: number, bytesPerElement: number): number => {
    const at = used;
    used += spaceFor(length, bytesPerElement);
    return at;
  };
  return {
    shared: { module, memory },
    float64: (length) => new Float64Array(memory.buffer, place(length, 8), length),
    int32: (length) => new Int32Array(memory.buffer, place(length, 4), length),
    uint32: (length) => new Uint32Array(memory.buffer, place(length, 4), length),
    uint8: (length) => new Uint8Array(memory.buffer, place(length, 1), length),
    kernels: {
      addRows(sums, words, strides, values, rows, start, end) {
        addRows(
          sums.byteOffset,
          words.byteOffset,
          strides.length,
          strides.byteOffset,
          values.byteOffset,
          rows.byteOffset + 4 * start,
          rows.byteOffset + 4 * end,
        );
      },
      divide(rows, spill, column, goesLeft, start, end) {
        const at = rows.byteOffset;
        const bytes = divide(
          at + 4 * start,
          at + 4 * end,
          spill.byteOffset,
          column.byteOffset,
          goesLeft.byteOffset,
        );
        const left = (bytes >>> 0) / 4;
        rows.set(spill.subarray(0, end - start - left), start + left);
        return left;
      },
      subtract(from, what) {
        subtract(from.byteOffset, what.byteOffset, from.byteOffset + 8 * from.length);
      },
      scanColumns(sums, leaf, result) {
        scanColumns(
          sums.byteOffset,
          leaf.table.byteOffset,
          leaf.columns,
          leaf.rows,
          leaf.sum,
          leaf.minRows,
          leaf.l2,
          leaf.countUnit,
          result.byteOffset,
        );
      },
    },
  };
}

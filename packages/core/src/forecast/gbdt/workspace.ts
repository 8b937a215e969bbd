import { type Kernels, plainKernels } from "./kernels.ts";
import { kernelsWasm } from "./wasm/kernels-wasm.ts";

// The part of the platform's WebAssembly that is used: neither ES2023 nor the types of Node declare it.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(size: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
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
  const pages = Math.ceil((bytes + alignment) / pageBytes);
  const module = pages <= maxPages ? compiledKernels() : undefined;
  if (module === undefined) return plainWorkspace;
  try {
    return wasmWorkspace(module, new WebAssembly.Memory({ initial: pages, maximum: pages }));
  } catch (error) {
    if (error instanceof RangeError) return plainWorkspace;
    throw error;
  }
}

/** Ordinary arrays and kernels in JavaScript. */
export const plainWorkspace: Workspace = {
  kernels: plainKernels,
  float64: (length) => new Float64Array(length),
  int32: (length) => new Int32Array(length),
  uint32: (length) => new Uint32Array(length),
};

let compiled: WebAssembly.Module | null | undefined;

/** Undefined where WebAssembly or its vector instructions are missing or forbidden. */
function compiledKernels(): WebAssembly.Module | undefined {
  if (compiled === undefined) {
    try {
      const bytes = Uint8Array.from(atob(kernelsWasm), (character) => character.charCodeAt(0));
      compiled = new WebAssembly.Module(bytes);
    } catch {
      compiled = null;
    }
  }
  return compiled ?? undefined;
}

interface WasmExports {
  addRows(...pointers: number[]): void;
  subtract(from: number, what: number, end: number): void;
  scanColumns(...values: number[]): void;
}

function wasmWorkspace(module: WebAssembly.Module, memory: WebAssembly.Memory): Workspace {
  const instance = new WebAssembly.Instance(module, { workspace: { memory } });
  const { addRows, subtract, scanColumns } = instance.exports as unknown as WasmExports;
  let used = 0;
  const place = (length: number, bytesPerElement: number): number => {
    const at = used;
    used += spaceFor(length, bytesPerElement);
    return at;
  };
  return {
    float64: (length) => new Float64Array(memory.buffer, place(length, 8), length),
    int32: (length) => new Int32Array(memory.buffer, place(length, 4), length),
    uint32: (length) => new Uint32Array(memory.buffer, place(length, 4), length),
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

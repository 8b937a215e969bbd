// Writes kernels-wasm.ts from kernels.wat: npx tsx packages/core/test/build-gbdt-kernels.ts
import { readFileSync, writeFileSync } from "node:fs";
import openWabt from "wabt";

const folder = new URL("../src/forecast/gbdt/wasm/", import.meta.url);

/** The module as base64 text. */
export async function assembleKernels(): Promise<string> {
  const wabt = await openWabt();
  const source = readFileSync(new URL("kernels.wat", folder), "utf8");
  const parsed = wabt.parseWat("kernels.wat", source, { simd: true });
  parsed.validate();
  return Buffer.from(parsed.toBinary({}).buffer).toString("base64");
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const lines = (await assembleKernels()).match(/.{1,100}/g) ?? [];
  const text = lines.map((line) => `  "${line}",`).join("\n");
  writeFileSync(
    new URL("kernels-wasm.ts", folder),
    `// Written by packages/core/test/build-gbdt-kernels.ts from kernels.wat.\n\n/** The kernels as a WebAssembly module, in base64. */\nexport const kernelsWasm: string = [\n${text}\n].join("");\n`,
  );
}

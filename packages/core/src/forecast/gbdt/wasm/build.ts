// Writes kernels-wasm.ts from kernels.wat: npx tsx packages/core/src/forecast/gbdt/wasm/build.ts
import { readFileSync, writeFileSync } from "node:fs";
import openWabt from "wabt";

/** The module as base64 text. */
export async function assembleKernels(): Promise<string> {
  const wabt = await openWabt();
  const source = readFileSync(new URL("./kernels.wat", import.meta.url), "utf8");
  const parsed = wabt.parseWat("kernels.wat", source, { simd: true });
  parsed.validate();
  return Buffer.from(parsed.toBinary({}).buffer).toString("base64");
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const lines = (await assembleKernels()).match(/.{1,100}/g) ?? [];
  const text = lines.map((line) => `  "${line}",`).join("\n");
  writeFileSync(
    new URL("./kernels-wasm.ts", import.meta.url),
    `// Written by build.ts from kernels.wat.\n\n/** The kernels as a WebAssembly module, in base64. */\nexport const kernelsWasm: string = [\n${text}\n].join("");\n`,
  );
}

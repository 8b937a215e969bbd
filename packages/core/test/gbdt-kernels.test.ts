import { expect, it } from "vitest";
import { kernelsWasm } from "../src/forecast/gbdt/wasm/kernels-wasm.ts";
import { assembleKernels } from "./build-gbdt-kernels.ts";

it("ships the WebAssembly that kernels.wat says", async () => {
  expect(kernelsWasm).toBe(await assembleKernels());
});

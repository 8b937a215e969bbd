import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { importPeer } from "../../import-peer.ts";

const peer = "@bsull/augurs";
const stanPeer = "@bsull/augurs-prophet-wasmstan";

/** Exponential smoothing of augurs, ready to be used. @throws TsopsError ADAPTER_MISSING_DEPENDENCY. */
export async function loadEts(): Promise<typeof import("@bsull/augurs/ets")> {
  return importPeer("augursEts()", peer, async () => {
    const library = await import("@bsull/augurs/ets");
    await library.default({ module_or_path: await bytesOf("ets") });
    return library;
  });
}

/** MSTL of augurs, ready to be used. @throws TsopsError ADAPTER_MISSING_DEPENDENCY. */
export async function loadMstl(): Promise<typeof import("@bsull/augurs/mstl")> {
  return importPeer("augursMstl()", peer, async () => {
    const library = await import("@bsull/augurs/mstl");
    await library.default({ module_or_path: await bytesOf("mstl") });
    return library;
  });
}

/** Prophet of augurs, ready to be used, and Stan, which finds its parameters. @throws TsopsError ADAPTER_MISSING_DEPENDENCY. */
export async function loadProphet() {
  const neededBy = "augursProphet()";
  const install = [peer, stanPeer];
  const { Prophet } = await importPeer(
    neededBy,
    peer,
    async () => {
      const library = await import("@bsull/augurs/prophet");
      await library.default({ module_or_path: await bytesOf("prophet") });
      return library;
    },
    install,
  );
  const { optimizer } = await importPeer(
    neededBy,
    stanPeer,
    () => import("@bsull/augurs-prophet-wasmstan"),
    install,
  );
  return { Prophet, optimizer };
}

/** The WebAssembly beside a module of augurs: it would fetch it by itself, which Node does not do with files. */
async function bytesOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = createRequire(import.meta.url).resolve(`${peer}/${name}`);
  return readFile(path.replace(/\.js$/, "_bg.wasm")) as Promise<Uint8Array<ArrayBuffer>>;
}

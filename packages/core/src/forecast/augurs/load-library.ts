import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
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

/** Prophet of augurs, ready to be used. @throws TsopsError ADAPTER_MISSING_DEPENDENCY. */
export async function loadProphet(): Promise<typeof import("@bsull/augurs/prophet")> {
  return importPeer(
    "augursProphet()",
    peer,
    async () => {
      const library = await import("@bsull/augurs/prophet");
      await library.default({ module_or_path: await bytesOf("prophet") });
      return library;
    },
    [peer, stanPeer],
  );
}

type Stan = typeof import("@bsull/augurs-prophet-wasmstan");

/**
 * An instance of Stan, which finds Prophet's parameters.
 * @param load - Which one: 0 is the module as it is, others are loaded anew, which the query in their address makes Node do.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY.
 */
export async function loadStan(load: number): Promise<Stan["optimizer"]> {
  const imported = async (): Promise<Stan> => {
    if (load === 0) return import("@bsull/augurs-prophet-wasmstan");
    const address = pathToFileURL(createRequire(import.meta.url).resolve(stanPeer));
    return import(/* @vite-ignore */ `${address}?load=${load}`);
  };
  return (await importPeer("augursProphet()", stanPeer, imported, [peer, stanPeer])).optimizer;
}

/** The WebAssembly beside a module of augurs: it would fetch it by itself, which Node does not do with files. */
async function bytesOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = createRequire(import.meta.url).resolve(`${peer}/${name}`);
  return readFile(path.replace(/\.js$/, "_bg.wasm")) as Promise<Uint8Array<ArrayBuffer>>;
}

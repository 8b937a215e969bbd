import { dirname, join, relative } from "node:path";
import { columnsFromArrays } from "@tsops/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { createTable } from "../src/delta/table.ts";
import { openEngine } from "../src/engine/engine.ts";
import { makeDirectory, writeFolderDurably } from "../src/home/files.ts";
import { load } from "./delta/scratch-table.ts";

/** What reached the disk, in order: a path is named when its `sync` has ended, a new name when it is there. */
const trace: { readonly what: "sync" | "link" | "rename"; readonly path: string }[] = [];

vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof import("node:fs/promises")>();
  return {
    ...real,
    open: async (path: string, flags: string) => {
      const handle = await real.open(path, flags);
      const sync = handle.sync.bind(handle);
      handle.sync = async () => {
        await sync();
        trace.push({ what: "sync", path });
      };
      return handle;
    },
    link: async (from: string, to: string) => {
      await real.link(from, to);
      trace.push({ what: "link", path: to });
    },
    rename: async (from: string, to: string) => {
      await real.rename(from, to);
      trace.push({ what: "rename", path: to });
    },
  };
});

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.dispose());

/** The trace so far with paths below `root`, random parts of names left out. */
function tracedBelow(root: string): string[] {
  const hex = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
  return trace.map(({ what, path }) => `${what} ${relative(root, path).replace(hex, "*") || "."}`);
}

it("an append is acknowledged once its data, its commit and their names are on disk, in this order", async () => {
  const engine = await openEngine({ threads: 1 });
  const path = join(directory.path, "table");
  const table = await createTable(path, load, { engine });
  trace.length = 0;
  await table.append(
    columnsFromArrays(load.columns, {
      station: ["a"],
      at: [0n],
      known: [null],
      mw: [1],
      meter: [1n],
    }),
  );
  const traced = tracedBelow(path);
  await engine.close();
  // Data and its name may reach the disk in either order, but both before the commit that refers to them.
  expect(traced.slice(0, 2).sort()).toEqual(["sync .", "sync part-*.zstd.parquet"]);
  const commit = "00000000000000000001.json";
  expect(traced.slice(2)).toEqual([
    `sync _delta_log/.${commit}.*.tmp`,
    `link _delta_log/${commit}`,
    "sync _delta_log",
  ]);
});

it("a new table's log is entered in every directory above it before the table is handed out", async () => {
  const path = join(directory.path, "deep", "table");
  trace.length = 0;
  await createTable(path, load);
  const synced = tracedBelow(directory.path);
  for (const above of [".", "deep", "deep/table"]) expect(synced).toContain(`sync ${above}`);
  expect(synced.indexOf("link deep/table/_delta_log/00000000000000000000.json")).toBeLessThan(
    synced.lastIndexOf("sync deep/table/_delta_log"),
  );
});

it("a folder of artifacts gets its name once its files are on disk, and is there once the name is", async () => {
  const path = join(directory.path, "models", "m");
  const scratch = join(directory.path, "scratch");
  await makeDirectory(dirname(path));
  await makeDirectory(scratch);
  trace.length = 0;
  const bytes = Uint8Array.of(1);
  await writeFolderDurably(path, { MLmodel: bytes, "data/model.bin": bytes }, scratch);
  expect(tracedBelow(directory.path)).toEqual([
    "sync scratch/*/MLmodel",
    "sync scratch/*/data/model.bin",
    "sync scratch/*",
    "sync scratch/*/data",
    "rename models/m",
    "sync models",
  ]);
});

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { chmod, mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Columns, columnsFromArrays, createRandom, TsopsError } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { createTable, openTable } from "../../src/delta/table.ts";
import { load, scratch } from "./scratch.ts";

const { directory, engine } = scratch();
const writer = fileURLToPath(new URL("./writer.ts", import.meta.url));

type Writer = ChildProcessByStdio<null, Readable, Readable>;

/** Starts a writer process; `shell` is put before it, e.g. to limit the size of files. */
function startWriter(args: readonly string[], shell?: string): Writer {
  const node = [process.execPath, "--import", "tsx", "--conditions=@tsops/source", writer, ...args];
  const [command, ...rest] =
    shell === undefined ? node : ["bash", "-c", `${shell}; exec "$@"`, "bash", ...node];
  return spawn(command as string, rest, { stdio: ["ignore", "pipe", "pipe"] });
}

/** Collects a writer's lines until it ends; `onLine` sees each as it comes. */
async function linesOf(child: Writer, onLine: (line: string) => void = () => undefined): Promise<string[]> {
  const lines: string[] = [];
  let rest = "";
  let errors = "";
  child.stderr.on("data", (data) => {
    errors += String(data);
  });
  child.stdout.on("data", (data) => {
    const parts = (rest + String(data)).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      lines.push(line);
      onLine(line);
    }
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0 && child.signalCode === null)
    throw new Error(`The writer ended with code ${code}: ${errors}`);
  return lines;
}

async function newTable(): Promise<string> {
  const path = await directory();
  await createTable(path, load, { engine: engine() });
  return path;
}

/** Rows per writer and batch. */
async function batchesOf(path: string): Promise<Map<string, number>> {
  const table = await openTable(path, { engine: engine(), definition: load });
  const snapshot = await table.snapshot();
  await snapshot.verify();
  const { sql } = await snapshot.scan();
  const found = await engine().use((session) =>
    session.columns(`SELECT station || ' ' || meter AS batch, count(*) AS rows FROM ${sql} GROUP BY ALL`),
  );
  const { batch, rows } = found.data;
  if (batch?.kind !== "utf8" || rows?.kind !== "int64") throw new Error("unexpected columns");
  return new Map(
    Array.from(batch.codes, (code, i) => [
      batch.dictionary[code] as string,
      Number(rows.values[i] as bigint),
    ]),
  );
}

describe("several processes", () => {
  it("append at once: every row is there once, and versions have no gap", async () => {
    const path = await newTable();
    const [writers, batches, rows] = [4, 15, 20];
    const outputs = await Promise.all(
      Array.from({ length: writers }, (_, i) =>
        linesOf(startWriter([path, `w${i}`, String(batches), String(rows), i === 0 ? "compact" : ""])),
      ),
    );
    for (const lines of outputs)
      expect(lines).toEqual(["ready", ...Array.from({ length: batches }, (_, i) => String(i))]);
    const found = await batchesOf(path);
    expect(found.size).toBe(writers * batches);
    expect(new Set(found.values())).toEqual(new Set([rows]));
    const table = await openTable(path, { engine: engine() });
    const history = await table.history();
    expect(history.map(({ version }) => version)).toEqual(
      Array.from({ length: history.length }, (_, i) => history.length - 1 - i),
    );
    const snapshot = await table.snapshot();
    const ingest = await snapshot.read({ columns: ["_ingest_version", "_ingest_row"] });
    const places = new Set<string>();
    const [version, row] = [ingest.data._ingest_version.values, ingest.data._ingest_row.values];
    for (let i = 0; i < ingest.length; i++) places.add(`${version[i]} ${row[i]}`);
    expect(places.size).toBe(writers * batches * rows);
  });

  it("killed at any moment leave whole batches, and lose none that was acknowledged", async () => {
    const path = await newTable();
    const random = createRandom("killed writers");
    const [rounds, rows] = [12, 400];
    const acknowledged: string[] = [];
    const started: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const child = startWriter([path, `r${round}`, "1000", String(rows), "compact"]);
      const wait = 1 + Math.floor(random.uniform() * 120);
      const lines = await linesOf(child, (line) => {
        if (line === "ready") setTimeout(() => child.kill("SIGKILL"), wait);
      });
      const batches = lines.filter((line) => /^\d+$/.test(line));
      expect(lines.filter((line) => line.startsWith("failed"))).toEqual([]);
      acknowledged.push(...batches.map((batch) => `r${round} ${batch}`));
      started.push(`r${round} ${batches.length}`);
    }
    expect(acknowledged.length).toBeGreaterThan(rounds);
    const found = await batchesOf(path);
    expect(acknowledged.filter((batch) => !found.has(batch))).toEqual([]);
    expect(new Set(found.values())).toEqual(new Set([rows]));
    const extra = [...found.keys()].filter((batch) => !acknowledged.includes(batch));
    expect(extra.filter((batch) => !started.includes(batch))).toEqual([]);

    const table = await openTable(path, { engine: engine(), definition: load });
    const used = new Set((await (await table.snapshot()).scan()).files.map((file) => file.path));
    await table.vacuum({ retention: "0s", orphanAge: "0s" });
    const left = (await readdir(path))
      .filter((name) => name.endsWith(".parquet"))
      .map((name) => join(path, name));
    expect(new Set(left)).toEqual(used);
    expect((await readdir(join(path, "_delta_log"))).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(await batchesOf(path)).toEqual(found);
  });
});

/** Rows that do not compress. */
function noise(rows: number): Columns<typeof load.columns> {
  const random = createRandom("noise");
  return columnsFromArrays(load.columns, {
    station: new Array<string>(rows).fill("a"),
    at: new BigInt64Array(rows),
    known: new Array<null>(rows).fill(null),
    mw: Float64Array.from({ length: rows }, () => random.uniform()),
    meter: new BigInt64Array(rows),
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: unknown) => (TsopsError.is(error) ? error.code : String(error)),
  );
}

describe("a disk", () => {
  it("that takes no larger files fails an append with STORE_FULL and leaves the table as it was", async () => {
    const path = await newTable();
    // 64 KiB a file; a batch of 20,000 random numbers needs more.
    const lines = await linesOf(startWriter([path, "w", "2", "20000"], "trap '' XFSZ; ulimit -f 64"));
    expect(lines).toEqual(["ready", "failed STORE_FULL", "failed STORE_FULL"]);
    expect(await readdir(path)).toEqual(["_delta_log"]);
    expect(await linesOf(startWriter([path, "w", "1", "20"], "trap '' XFSZ; ulimit -f 64"))).toEqual([
      "ready",
      "0",
    ]);
    expect(await batchesOf(path)).toEqual(new Map([["w 0", 20]]));
  });

  it("that fills up fails appends with STORE_FULL until there is room again", async (context) => {
    const place = dirname(await directory());
    const mounted = await asRoot(["mount", "-t", "tmpfs", "-o", "size=640k", "tmpfs", place]);
    if (mounted !== null) {
      const why = `a small tmpfs cannot be mounted here: ${mounted}`;
      if (process.env["CI"] === "true") throw new Error(why);
      return context.skip(why);
    }
    try {
      const path = join(place, "table");
      const table = await createTable(path, load, { engine: engine() });
      const outcomes: string[] = [];
      for (let i = 0; i < 8; i++) outcomes.push(await codeOf(table.append(noise(15_000))));
      const done = outcomes.filter((outcome) => outcome === "done").length;
      expect(outcomes).toEqual([...Array(done).fill("done"), ...Array(8 - done).fill("STORE_FULL")]);
      expect([done > 0, done < 8]).toEqual([true, true]);
      const snapshot = await table.snapshot();
      expect([snapshot.version, snapshot.rows]).toEqual([done, done * 15_000]);
      expect((await readdir(path)).length).toBe(done + 1);
      expect(await codeOf(table.compact())).toBe("STORE_FULL");
      await snapshot.verify();
      expect(await asRoot(["mount", "-o", "remount,size=4m", place])).toBeNull();
      expect(await codeOf(table.append(noise(15_000)))).toBe("done");
      expect((await table.compact()).removed).toBe(done + 1);
    } finally {
      await asRoot(["umount", place]);
    }
  });

  it("that is read-only can be read, and fails writes with STORE_READ_ONLY", async () => {
    const path = await newTable();
    const table = await openTable(path, { engine: engine(), definition: load });
    await table.append(noise(10));
    const [log, data] = [join(path, "_delta_log"), join(path, "other")];
    await mkdir(data);
    await chmod(dirname(path), 0o755);
    for (const closed of [path, log, data]) await chmod(closed, 0o555);
    const before = await readdir(path);
    await asOrdinaryUser(async () => {
      expect(await codeOf(table.append(noise(10)))).toBe("STORE_READ_ONLY");
      expect(await codeOf(table.compact())).toBe("done");
      expect(await codeOf(createTable(join(data, "new"), load))).toBe("STORE_READ_ONLY");
      expect(await codeOf(table.vacuum())).toBe("STORE_READ_ONLY");
      expect((await (await table.snapshot()).read()).length).toBe(10);
    });
    await chmod(path, 0o777);
    await asOrdinaryUser(async () => {
      expect(await codeOf(table.append(noise(10)))).toBe("STORE_READ_ONLY");
    });
    expect(await readdir(path)).toEqual(before);
    await chmod(log, 0o755);
    expect((await table.append(noise(10))).version).toBe(2);
  });
});

/** Runs a command; null when it succeeded, else what it said. */
async function command([name, ...args]: readonly [string, ...string[]]): Promise<string | null> {
  const child = spawn(name, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => {
    said += String(data);
  });
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code) => resolve(code === 0 ? null : said.trim() || `code ${code}`));
  });
}

/** Runs a command as the superuser, with `sudo` where the tests are not run by it. */
function asRoot(line: readonly [string, ...string[]]): Promise<string | null> {
  return command(process.geteuid?.() === 0 ? line : ["sudo", "-n", ...line]);
}

/** The superuser may write anywhere: under that account the work is done as `nobody`. */
async function asOrdinaryUser(work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";

const root = resolve(import.meta.dirname, "../../../..");
const command = join(root, "packages/core/src/cli/main.ts");
const interval = ["--interval", "2011-07-01T00:00Z/1d"];

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Its stderr so far. */
  readonly heard: () => string;
}

let disposers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const dispose of disposers) await dispose();
  disposers = [];
});

async function setUp() {
  const { path: folder, dispose } = temporaryDirectory();
  disposers.push(dispose);
  const trace = () => (existsSync(join(folder, "trace")) ? readFileSync(join(folder, "trace"), "utf8") : "");
  const start = (argv: readonly string[], settings: Readonly<Record<string, string>> = {}): Started => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=@tsops/source", command, ...argv],
      {
        cwd: import.meta.dirname,
        env: { ...process.env, TSOPS_TEST_FOLDER: folder, ...settings },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (chunk: Buffer) => {
      stdout += chunk;
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    const ended = new Promise<Ended>((done, fail) => {
      child.on("error", fail);
      child.on("close", (code, signal) => done({ code, signal, stdout, stderr }));
    });
    return { child, ended, heard: () => stderr };
  };
  /** Resolves once a process has said something, or its steps have said it; fails when it ends before. */
  const said = async (text: string, { ended, heard }: Started): Promise<void> => {
    let over: Ended | null = null;
    void ended.then((result) => {
      over = result;
    });
    while (!trace().split("\n").includes(text) && !heard().includes(text)) {
      if (over !== null) throw new Error(`It ended without "${text}": ${JSON.stringify(over)}`);
      await new Promise((wake) => setTimeout(wake, 10));
    }
  };
  const letGo = () => writeFileSync(join(folder, "go"), "");
  return { start, said, trace, letGo };
}

describe("tsops as a process, on a home", { timeout: 60_000 }, () => {
  it("killed in the middle of a step, goes on after the last finished step once the lease has run out", async () => {
    const { start, said, trace, letGo } = await setUp();
    const first = start(["run", "daily", ...interval]);
    await said("train 1", first);
    first.child.kill("SIGKILL");
    expect((await first.ended).signal).toBe("SIGKILL");

    const impatient = await start(["run", "daily", ...interval, "--no-wait"]).ended;
    expect([impatient.code, impatient.stdout]).toEqual([75, expect.stringContaining("is run by")]);

    letGo();
    const second = await start(["run", "daily", ...interval, "--json"], { TSOPS_TEST_LATER: "2h" }).ended;
    expect([second.code, second.stderr]).toEqual([0, expect.stringContaining("daily: attempt 2")]);
    expect(JSON.parse(second.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
      status: "succeeded",
      attempt: 2,
      steps: [
        { step: "ingest", wasRecorded: true },
        { step: "train", wasRecorded: false },
        { step: "decide" },
      ],
      results: { decide: { verdict: "promote", train: { $int: String(2n ** 60n + 1n) } } },
    });
    expect(trace()).toBe("ingest 1\ntrain 1\ntrain 2\ndecide\n");

    const decisions = await start(["decisions"]).ended;
    expect(decisions.stdout).toContain(
      "gate  bikes  promote\n  Promote: new has a mean absolute loss of 1.025",
    );
    const doctor = await start(["doctor"]).ended;
    expect([doctor.code, doctor.stdout]).toEqual([0, expect.stringMatching(/ok +ledger +answers/)]);
    expect(doctor.stdout).toMatch(/ok +@tsops\/store/);
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "%s stops it with 75, and the next run resumes at once",
    async (signal) => {
      const { start, said, trace, letGo } = await setUp();
      const first = start(["run", "daily", ...interval]);
      await said("train 1", first);
      first.child.kill(signal);
      const ended = await first.ended;
      expect([ended.code, ended.signal]).toEqual([75, null]);
      expect(ended.stderr).toContain("aborted; finished steps are kept");
      expect(ended.stderr).toContain(`asked to stop by ${signal}`);
      letGo();
      const second = await start(["run", "daily", ...interval]).ended;
      expect([second.code, second.stdout]).toEqual([0, expect.stringContaining("succeeded at attempt 2")]);
      expect(trace()).toBe("ingest 1\ntrain 1\ntrain 2\ndecide\n");
    },
  );

  it("two at once run the interval once: the second waits for the first", async () => {
    const { start, said, trace, letGo } = await setUp();
    const first = start(["run", "daily", ...interval], { TSOPS_TEST_LEASE: "3s" });
    await said("train 1", first);
    const second = start(["run", "daily", ...interval], { TSOPS_TEST_LEASE: "3s" });
    await said("is at work; looking again at", second);
    letGo();
    const [one, two] = await Promise.all([first.ended, second.ended]);
    expect([one.code, two.code]).toEqual([0, 0]);
    expect(two.stdout).toContain("succeeded before, nothing to do");
    expect(trace()).toBe("ingest 1\ntrain 1\ndecide\n");
  });

  it("does not fall over when its reader goes away", async () => {
    const { start } = await setUp();
    const { child, ended } = start(["--help"]);
    child.stdout?.destroy();
    expect((await ended).stderr).not.toContain("EPIPE");
  });
});

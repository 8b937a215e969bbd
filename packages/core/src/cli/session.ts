import { dirname } from "node:path";
import { throwIfAborted } from "../abort.ts";
import { canonicalJson } from "../canonical-json.ts";
import { TsopsError } from "../errors.ts";
import type { AnyPipeline } from "../pipeline/pipeline.ts";
import type { Clock } from "../ports/clock.ts";
import { systemClock } from "../time/clock.ts";
import type { Contracts, TsopsConfig } from "./config.ts";
import { findConfig, loadConfig } from "./load-config.ts";
import type { ProgressStream } from "./progress-bar.ts";

/** What the command reads and writes; a test passes its own. */
export interface CommandIo {
  readonly cwd: string;
  /** Results. */
  readonly stdout: { write(text: string): unknown };
  /** Logs, progress, errors. */
  readonly stderr: ProgressStream;
  /** Makes a folder the working directory: what a configuration names without an absolute path lies beside it. */
  enter(directory: string): void;
  /** Fires when the command is to stop. */
  readonly signal: AbortSignal;
  /** A configuration that is part of the program, as in a bundle: none is looked for, and the working directory is kept. */
  readonly config?: TsopsConfig;
}

/** Options that all subcommands share. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly config?: string;
}

/** The configuration with what a subcommand needs of it, opened. */
export interface Session {
  /** Of the configuration. */
  readonly path: string;
  readonly config: TsopsConfig;
  readonly clock: Clock;
  /** @throws TsopsError CONFIG_INVALID when neither `home` nor a factory of its own gives it */
  contract<Name extends ContractName>(name: Name): Promise<NonNullable<Contracts[Name]>>;
  pipelines(): Promise<readonly AnyPipeline[]>;
  /** Opens what `home` gives; nothing without one. */
  home(): Promise<Contracts>;
}

export const contractNames = ["ledger", "tracker", "registry", "predictions", "decisions"] as const;
/** What the doctor looks at. */
export type UsualContract = (typeof contractNames)[number];
/** And the outbox, which few apps have. */
export type ContractName = UsualContract | "outbox";

/** Loads the configuration, hands it to `work`, and closes what was opened, whatever happens. */
export async function withSession<T>(
  io: CommandIo,
  options: GlobalOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { path, config } = await configurationOf(io, options);
  throwIfAborted(io.signal);
  const opened = openOnce(config, path);
  try {
    return await work({ path, config, clock: config.clock ?? systemClock(), ...opened });
  } finally {
    await opened.close();
  }
}

async function configurationOf(io: CommandIo, options: GlobalOptions) {
  if (io.config !== undefined) return { path: `of the bundle in ${io.cwd}`, config: io.config };
  const path = await findConfig(io.cwd, options.config);
  io.enter(dirname(path));
  return { path, config: await loadConfig(path) };
}

function openOnce(config: TsopsConfig, path: string) {
  let home: Promise<Contracts> | null = null;
  const single = new Map<ContractName, Promise<unknown>>();
  const openHome = (): Promise<Contracts> => {
    home ??= Promise.resolve().then(() => config.home?.() ?? {});
    return home;
  };
  return {
    async contract<Name extends ContractName>(name: Name): Promise<NonNullable<Contracts[Name]>> {
      const factory = config[name];
      let found: unknown;
      if (factory === undefined) ({ [name]: found } = await openHome());
      else {
        const opening = single.get(name) ?? Promise.resolve().then(() => factory());
        single.set(name, opening);
        found = await opening;
      }
      if (found !== undefined && found !== null) return found as NonNullable<Contracts[Name]>;
      throw new TsopsError("CONFIG_INVALID", `The configuration ${path} gives no ${name}.`, {
        hint: `Add home: () => openHome("./.tsops"), or a factory ${name}: () => ...`,
      });
    },
    home: openHome,
    async pipelines(): Promise<readonly AnyPipeline[]> {
      const { pipelines = [] } = config;
      return typeof pipelines === "function" ? pipelines(await openHome()) : pipelines;
    },
    /** Factories' own contracts first: they may stand on the home. */
    async close(): Promise<void> {
      for (const opening of single.values()) {
        const contract = (await opening.catch(() => null)) as { close?: () => Promise<void> } | null;
        await contract?.close?.();
      }
      if (home !== null) await (await home.catch(() => null))?.close?.();
    },
  };
}

/** Writes results: text for people, or one line of JSON (canonical: bigint, Date and NaN as `$` objects) with `--json`. */
export function writeResult(io: CommandIo, { json }: GlobalOptions, data: unknown, text: string): void {
  io.stdout.write(json === true ? `${canonicalJson(data)}\n` : `${text}\n`);
}

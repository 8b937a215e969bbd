import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { TsopsError } from "../errors.ts";
import { loadCompanion } from "./load-companion.ts";
import { type CommandIo, type GlobalOptions, type Session, withSession } from "./session.ts";

/** Which home, as a command is told. */
interface HomeOptions extends GlobalOptions {
  readonly home?: string;
}

/** Where a home is when nothing says otherwise. */
const usualHome = ".tsops";

/**
 * Opens what was recorded: the home of `--home`, else that of the configuration, else `.tsops` in the working directory.
 * @throws TsopsError CONFIG_INVALID (a home and a configuration), CONFIG_NOT_FOUND (neither), STORE_NOT_FOUND
 */
export async function withHome<T>(
  neededBy: string,
  io: CommandIo,
  options: HomeOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  if (options.home !== undefined && options.config !== undefined)
    throw new TsopsError("CONFIG_INVALID", "--home and --config both say where the home is.", {
      hint: "Give one of them.",
    });
  if (options.home !== undefined) return inHome(neededBy, io, options, options.home, work);
  try {
    return await withSession(io, options, work);
  } catch (error) {
    if (!TsopsError.is(error, "CONFIG_NOT_FOUND") || options.config !== undefined) throw error;
    const isThere = await stat(resolve(io.cwd, usualHome)).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere) return inHome(neededBy, io, options, usualHome, work);
    throw new TsopsError(error.code, `${error.message} Nor is there a home ${resolve(io.cwd, usualHome)}.`, {
      hint: "Say where the home is: --home <folder>, or --config <path>.",
      cause: error,
    });
  }
}

async function inHome<T>(
  neededBy: string,
  io: CommandIo,
  options: HomeOptions,
  path: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { openHome } = await loadCompanion(neededBy, "@tsops/store", io.cwd);
  const home = () => openHome(resolve(io.cwd, path), { create: false, signal: io.signal });
  return withSession({ ...io, config: { home } }, options, work);
}

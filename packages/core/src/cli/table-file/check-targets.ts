import { access, constants, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { TsopsError } from "../../errors.ts";

/** A file that a command is to write. */
export interface Target {
  /** That named it. */
  readonly option: string;
  readonly name: string;
  readonly extensions: readonly string[];
}

/**
 * What cannot be written at the end is said before the work.
 * @param inputs - Files that are read; none of them may be overwritten.
 * @throws TsopsError CONFIG_INVALID (an extension that is not known, a file that is read, a folder), STORE_NOT_FOUND
 */
export async function checkTargets(
  cwd: string,
  inputs: readonly string[],
  targets: readonly Target[],
): Promise<void> {
  const read = inputs.map((name) => resolve(cwd, name));
  for (const { option, name, extensions } of targets) {
    const target = resolve(cwd, name);
    if (!extensions.some((extension) => target.toLowerCase().endsWith(extension)))
      throw new TsopsError("CONFIG_INVALID", `${option} ${name} has no extension that is known.`, {
        hint: `Give it one of ${extensions.join(", ")}.`,
      });
    if (read.includes(target))
      throw new TsopsError("CONFIG_INVALID", `${option} ${name} would overwrite a file that is read.`, {
        hint: "Give another name.",
      });
    const folder = await stat(dirname(target)).catch(() => null);
    if (folder?.isDirectory() !== true)
      throw new TsopsError("STORE_NOT_FOUND", `There is no folder ${dirname(target)} for ${option}.`, {
        hint: "Make it first.",
      });
    await access(dirname(target), constants.W_OK).catch((cause: unknown) => {
      throw new TsopsError(
        "STORE_NOT_FOUND",
        `The folder ${dirname(target)} for ${option} cannot be written to.`,
        { hint: "Give it to this user, or name another folder.", cause },
      );
    });
    if ((await stat(target).catch(() => null))?.isDirectory() === true)
      throw new TsopsError("CONFIG_INVALID", `${option} ${name} is a folder.`, { hint: "Name a file." });
  }
}

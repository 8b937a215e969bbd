import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TsopsError } from "@tsops/core";

/** The error to throw for whatever a file operation threw; errors without a file-system code come back as they are. */
export function asFileError(error: unknown, path: string): unknown {
  if (TsopsError.is(error) || typeof error !== "object" || error === null || !("code" in error)) return error;
  const code = String(error.code);
  const details = { path, code };
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG")
    return new TsopsError("STORE_FULL", `There is no room to write ${path}; nothing was changed.`, {
      hint: "Free space on that disk (or raise its quota) and try again.",
      details,
      cause: error,
    });
  if (code === "EROFS" || code === "EACCES" || code === "EPERM")
    return new TsopsError(
      "STORE_READ_ONLY",
      `${path} cannot be written: its directory or file is read-only.`,
      {
        hint: "Make the directory and its files writable for this user, or open a home elsewhere.",
        details,
        cause: error,
      },
    );
  if (code === "ENOENT")
    return new TsopsError("STORE_NOT_FOUND", `${path} does not exist.`, { details, cause: error });
  if (code === "ENOTDIR" || code === "EISDIR")
    return new TsopsError(
      "STORE_CORRUPT",
      code === "EISDIR"
        ? `${path} is a directory where a file should be.`
        : `A part of ${path} is a file where a directory should be.`,
      {
        hint: "Move it away and restore what was there from a copy, or use another path.",
        details,
        cause: error,
      },
    );
  if (code === "EEXIST" || code === "ENOTEMPTY")
    return new TsopsError(
      "STORE_EXISTS",
      `Something is at ${path} already, or a file stands where its directory should be.`,
      {
        hint: "Choose another path, or move what is there away.",
        details,
        cause: error,
      },
    );
  if (code === "ENAMETOOLONG")
    return new TsopsError(
      "VALUE_INVALID",
      `The path ${path.slice(0, 80)}... is longer than the file system takes.`,
      {
        hint: "Use shorter names.",
        details,
        cause: error,
      },
    );
  if (code === "EIO" || code === "EMFILE" || code === "ENFILE" || code === "ESTALE")
    return new TsopsError("STORE_UNAVAILABLE", `The file system refused ${path}: ${code}.`, {
      hint: "Check the disk (EIO, ESTALE), or how many files the process may have open (EMFILE).",
      details,
      cause: error,
    });
  return error;
}

/** Makes a directory and its parents durable: created, and entered in every parent on disk. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    const first = await mkdir(path, { recursive: true });
    if (first === undefined) return;
    for (let at = path; ; at = dirname(at)) {
      await syncDirectory(dirname(at));
      if (at === first || at === dirname(at)) return;
    }
  } catch (error) {
    throw asFileError(error, path);
  }
}

/** Flushes a directory's entries to disk. Does nothing where directories cannot be opened (Windows). */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that it appears whole or not at all, and is on disk when this resolves.
 * @param pieces - The content.
 * @param scratch - Existing directory on the same file system for the temporary file.
 * @param beforeItAppears - Called when the content is on disk under another name.
 * @throws TsopsError STORE_FULL, STORE_READ_ONLY
 */
export async function writeFileDurably(
  path: string,
  pieces: Pieces,
  scratch: string,
  beforeItAppears: () => Promise<void>,
): Promise<void> {
  const temporary = join(scratch, randomUUID());
  await makeDirectory(dirname(path));
  try {
    await writeAndSync(temporary, pieces);
    await beforeItAppears();
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asFileError(error, path);
  }
}

/**
 * Writes a new folder of files that appears whole or not at all, and is on disk when this resolves.
 * @param path - Must not exist.
 * @param files - Relative path, with `/`, to content.
 * @throws TsopsError STORE_FULL, STORE_READ_ONLY
 */
export async function writeFolderDurably(
  path: string,
  files: Readonly<Record<string, Uint8Array>>,
  scratch: string,
): Promise<void> {
  const temporary = join(scratch, randomUUID());
  await makeDirectory(dirname(path));
  try {
    const directories = new Set([temporary]);
    for (const [name, content] of Object.entries(files)) {
      const file = join(temporary, ...name.split("/"));
      await mkdir(dirname(file), { recursive: true });
      for (let at = dirname(file); at !== temporary; at = dirname(at)) directories.add(at);
      await writeAndSync(file, [content]);
    }
    for (const directory of directories) await syncDirectory(directory);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true, recursive: true }).catch(() => undefined);
    throw asFileError(error, path);
  }
}

/** What a file holds, piece by piece. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

async function writeAndSync(path: string, pieces: Pieces): Promise<void> {
  const handle = await open(path, "wx");
  try {
    for await (const piece of pieces) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

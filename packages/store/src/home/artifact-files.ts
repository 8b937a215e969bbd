import { createReadStream, type Dirent, existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { isAbsolute, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TsopsError } from "@tsops/core";
import { asFileError, type Pieces, writeFileDurably, writeFolderDurably } from "./files.ts";

/** Files under `.tsops/artifacts`, in MLflow's layout. Directories are given as their parts below it. */
export interface ArtifactFiles {
  /** The location as MLflow writes it into its database: an absolute path, or a `file:` URL on Windows. */
  location(...parts: readonly string[]): string;
  /** Where a location that a database holds lies now, also when the home was moved since it was written. */
  directoryOf(location: string): string;
  /**
   * Writes or replaces one file; durable when it resolves.
   * @param beforeItAppears - Called when the content is on disk, and not yet in its place.
   * @throws TsopsError VALUE_INVALID, STORE_FULL, STORE_READ_ONLY
   */
  write(directory: string, path: string, pieces: Pieces, beforeItAppears: () => Promise<void>): Promise<void>;
  /** Writes a folder that must not exist yet; it appears whole or not at all. @throws as `write` */
  writeFolder(directory: string, files: Readonly<Record<string, Uint8Array>>): Promise<void>;
  /** The content in pieces; throws as `read` while iterating. */
  stream(directory: string, path: string): AsyncIterable<Uint8Array>;
  /** @throws TsopsError STORE_NOT_FOUND */
  read(directory: string, path: string): Promise<Uint8Array>;
  /** Relative paths with `/`, sorted; empty when the directory does not exist. */
  list(directory: string): Promise<readonly string[]>;
}

/**
 * The artifact files of one home.
 * @param root - Absolute path of the `artifacts` directory.
 * @param scratch - Directory for unfinished files, on the same file system and outside of what MLflow lists.
 */
export function artifactFiles(root: string, scratch: string): ArtifactFiles {
  const location = (...parts: readonly string[]): string => {
    const path = join(root, ...parts);
    return sep === "\\" ? pathToFileURL(path).href : path;
  };
  return {
    location,
    directoryOf(text) {
      const path = text.startsWith("file:") ? fileURLToPath(text) : text;
      // <root>/<experiment>/<run>/artifacts or <root>/<experiment>/models/<model>/artifacts, wherever the root was then.
      const own = /[/\\]artifacts[/\\](\d+(?:[/\\]models)?[/\\][^/\\]+[/\\]artifacts)[/\\]?$/.exec(path);
      if (own !== null) {
        const here = join(root, ...(own[1] as string).split(/[/\\]/));
        if (path.startsWith(root + sep) || existsSync(here)) return here;
      }
      if (isAbsolute(path)) return path;
      if (/^[a-z][a-z0-9+.-]*:/i.test(text))
        throw new TsopsError(
          "STORE_UNSUPPORTED",
          `These artifacts lie at ${text.split(":")[0]}:, not in files.`,
          {
            hint: "Read them with MLflow's own client, through the server that wrote them.",
          },
        );
      return resolve(path);
    },
    write: (directory, path, pieces, beforeItAppears) =>
      writeFileDurably(join(directory, ...artifactPath(path)), pieces, scratch, beforeItAppears),
    writeFolder(directory, files) {
      for (const path of Object.keys(files)) artifactPath(path);
      return writeFolderDurably(directory, files, scratch);
    },
    async *stream(directory, path) {
      const file = join(directory, ...artifactPath(path));
      try {
        yield* createReadStream(file, { highWaterMark: 1 << 18 });
      } catch (error) {
        throw asFileError(error, file);
      }
    },
    async read(directory, path) {
      const file = join(directory, ...artifactPath(path));
      try {
        return new Uint8Array(await readFile(file));
      } catch (error) {
        throw asFileError(error, file);
      }
    },
    async list(directory) {
      let entries: Dirent[];
      try {
        entries = await readdir(directory, { recursive: true, withFileTypes: true });
      } catch (error) {
        const mapped = asFileError(error, directory);
        if (TsopsError.is(mapped, "STORE_NOT_FOUND")) return [];
        throw mapped;
      }
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(directory.length + 1))
        .map((path) => path.split(sep).join("/"))
        .sort();
    },
  };
}

/**
 * Refuses names under which MLflow would keep no file, or another: `#`, and `%41`, which it reads as `A`.
 * @throws TsopsError VALUE_INVALID
 */
export function checkNewArtifact(path: string): void {
  artifactPath(path);
  if (!/#|%[0-9a-f]{2}/i.test(path)) return;
  throw new TsopsError("VALUE_INVALID", `MLflow keeps no file called "${path}".`, {
    hint: 'Leave out "#" and "%" with two digits after it.',
  });
}

/** The parts of a relative artifact path. @throws TsopsError VALUE_INVALID when it could leave its directory. */
export function artifactPath(path: string): string[] {
  const parts = path.split("/");
  const isSafe = parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\0]/.test(part));
  if (!isSafe)
    throw new TsopsError("VALUE_INVALID", `"${path}" is not a relative artifact path.`, {
      hint: 'Use names joined by "/", such as "report/index.html", without "..", "\\" or ":".',
    });
  return parts;
}

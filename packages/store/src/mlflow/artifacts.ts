import { type ArtifactContent, type CallOptions, sha256Hex, TsopsError } from "@tsops/core";
import { CountedPieces } from "../artifact-pieces.ts";
import { artifactPath } from "../home/artifact-files.ts";
import type { MlflowClient, MlflowRequest } from "./client.ts";
import { isRefusal } from "./rest-error.ts";

const proxy = "/api/2.0/mlflow-artifacts/artifacts";

/** Files of runs and models on the server, which passes them on to wherever it keeps them. */
export interface MlflowArtifacts {
  /**
   * Stores a file and gives its sha256.
   * @param uri - Artifact location of a run or model.
   * @throws TsopsError VALUE_INVALID (path), STORE_UNSUPPORTED (location)
   */
  write(uri: string, path: string, content: ArtifactContent, options?: CallOptions): Promise<string>;
  /** @throws TsopsError STORE_NOT_FOUND */
  read(uri: string, path: string, options?: CallOptions): Promise<Uint8Array>;
  /** The content in pieces; throws as `read` while iterating. */
  stream(uri: string, path: string, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** Paths below the location, sorted. */
  list(uri: string, options?: CallOptions): Promise<readonly string[]>;
}

/** The artifacts behind a client. */
export function mlflowArtifacts(client: MlflowClient): MlflowArtifacts {
  /** The location as the proxy names it. */
  const below = (uri: string): string => {
    const [, path] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(uri) ?? [];
    if (path !== undefined) return path;
    throw new TsopsError(
      "STORE_UNSUPPORTED",
      `The files at ${uri} do not pass through MLflow at ${client.server}.`,
      {
        hint: "Start the server with --serve-artifacts (its default) and without --default-artifact-root, and use a new experiment.",
      },
    );
  };
  const encoded = (path: string): string => path.split("/").map(encodeURIComponent).join("/");
  const fileUrl = (uri: string, path: string): string =>
    `${proxy}/${encoded([below(uri), ...artifactPath(path)].join("/"))}`;

  const list = async (uri: string, { signal }: CallOptions = {}): Promise<readonly string[]> => {
    const root = below(uri);
    const found: string[] = [];
    const open = [""];
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      const path = [root, folder].filter((part) => part !== "").join("/");
      const { files = [] } = await client.json<{
        files?: readonly { readonly path: string; readonly is_dir?: boolean }[];
      }>({ method: "GET", path: proxy, query: { path }, isRepeatable: true, signal });
      for (const file of files) {
        const name = [folder, file.path].filter((part) => part !== "").join("/");
        if (file.is_dir === true) open.push(name);
        else found.push(name);
      }
    }
    return found.sort();
  };
  const download = (uri: string, path: string, { signal }: CallOptions): MlflowRequest => ({
    method: "GET",
    path: fileUrl(uri, path),
    isRepeatable: true,
    signal,
  });
  /** The store of files under the server says "not found" in words of its own. */
  const readError = async (
    uri: string,
    path: string,
    error: unknown,
    options: CallOptions,
  ): Promise<unknown> => {
    const isMissing =
      isRefusal(error, "RESOURCE_DOES_NOT_EXIST") ||
      (TsopsError.is(error) && error.details["status"] === 404) ||
      (TsopsError.is(error, "ADAPTER_UNAVAILABLE") && !(await list(uri, options)).includes(path));
    if (!isMissing) return error;
    return new TsopsError(
      "STORE_NOT_FOUND",
      `There is no file "${path}" at ${uri} of MLflow at ${client.server}.`,
      { hint: "See which files there are with listArtifacts.", cause: error },
    );
  };

  return {
    list,
    async write(uri, path, content, { signal } = {}) {
      // The last try is the one that counts.
      let pieces = new CountedPieces(content, signal);
      const send = () => {
        pieces = new CountedPieces(content, signal);
        return pieces;
      };
      await client.bytes({
        method: "PUT",
        path: fileUrl(uri, path),
        content: content instanceof Uint8Array ? content : send,
        isRepeatable: true,
        signal,
      });
      return content instanceof Uint8Array ? sha256Hex(content) : pieces.sha256();
    },
    async read(uri, path, options = {}) {
      try {
        return await client.bytes(download(uri, path, options));
      } catch (error) {
        throw await readError(uri, path, error, options);
      }
    },
    async *stream(uri, path, options = {}) {
      try {
        yield* client.stream(download(uri, path, options));
      } catch (error) {
        throw await readError(uri, path, error, options);
      }
    },
  };
}

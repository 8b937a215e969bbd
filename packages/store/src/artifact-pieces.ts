import { createHash, type Hash } from "node:crypto";
import { type ArtifactContent, TsopsError, throwIfAborted } from "@tsops/core";

/** The pieces of a file as they pass by, and what is known of them once all have. */
export class CountedPieces implements AsyncIterable<Uint8Array> {
  bytes = 0;
  private readonly hash: Hash = createHash("sha256");
  private readonly content: ArtifactContent | AsyncIterable<Uint8Array>;
  private readonly signal: AbortSignal | undefined;

  constructor(content: ArtifactContent | AsyncIterable<Uint8Array>, signal?: AbortSignal) {
    this.content = content;
    this.signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    const { content } = this;
    try {
      // Opened when it is read, as a stream that nobody listens to ends the process with its error.
      const pieces =
        content instanceof Uint8Array ? [content] : typeof content === "function" ? content() : content;
      for await (const piece of pieces) {
        throwIfAborted(this.signal);
        this.bytes += piece.length;
        this.hash.update(piece);
        yield piece;
      }
    } catch (cause) {
      if (TsopsError.is(cause)) throw cause;
      throw new TsopsError(
        "VALUE_INVALID",
        `The content of the artifact could not be read: ${cause instanceof Error ? cause.message : String(cause)}.`,
        { hint: "Nothing was stored. Give a function whose pieces can be read, and call again.", cause },
      );
    }
  }

  /** sha256 of what has passed by; call it once. */
  sha256(): string {
    return this.hash.digest("hex");
  }
}

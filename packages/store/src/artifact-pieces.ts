import { createHash, type Hash } from "node:crypto";
import { type ArtifactContent, throwIfAborted } from "@tsops/core";

/** The pieces of a file as they pass by, and what is known of them once all have. */
export class CountedPieces implements AsyncIterable<Uint8Array> {
  bytes = 0;
  private readonly hash: Hash = createHash("sha256");
  private readonly pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  private readonly signal: AbortSignal | undefined;

  constructor(content: ArtifactContent | AsyncIterable<Uint8Array>, signal?: AbortSignal) {
    this.pieces =
      content instanceof Uint8Array ? [content] : typeof content === "function" ? content() : content;
    this.signal = signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of this.pieces) {
      throwIfAborted(this.signal);
      this.bytes += piece.length;
      this.hash.update(piece);
      yield piece;
    }
  }

  /** sha256 of what has passed by; call it once. */
  sha256(): string {
    return this.hash.digest("hex");
  }
}

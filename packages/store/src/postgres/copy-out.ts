import { abortedError, TsopsError, throwIfAborted } from "@tsops/core";
import type { RecordBatch } from "apache-arrow";
import type { PostgresConnection, PostgresSubmittable } from "./client.ts";
import { asTsopsError } from "./errors.ts";
import type { RowDecoder } from "./row-decoder.ts";
import type { Session } from "./session.ts";

type Listener = (chunk: Buffer) => void;

// Messages of the protocol that matter here; all others go to the driver.
const copyData = 0x64;
const copyDone = 0x63;
const errorResponse = 0x45;
const messageHeader = 5;

/**
 * Runs `COPY (...) TO STDOUT (FORMAT binary)` and gives its rows as batches. The bytes are read from the socket, not from the
 * driver, which would make an object of every row. The socket is paused while a batch waits, so a slow consumer slows the
 * server down. The server is done with the connection when the last batch has been asked for; ended early, the caller ends
 * the session.
 * @throws TsopsError ADAPTER_UNAVAILABLE when the connection breaks, ABORTED, and what the decoder throws
 */
export async function* copyOut(
  session: Session,
  statement: string,
  decoder: RowDecoder,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<RecordBatch, void, undefined> {
  const copy = new CopyOut(statement, decoder, name);
  const onAbort = (): void => {
    copy.fail(abortedError(signal as AbortSignal));
    // At once, because a consumer that is busy elsewhere may not come back for a long time.
    void session.end();
  };
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    throwIfAborted(signal);
    session.submit(copy);
    for (;;) {
      const batch = await copy.next();
      if (batch === null) return;
      yield batch;
      throwIfAborted(signal);
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

class CopyOut implements PostgresSubmittable {
  readonly #statement: string;
  readonly #decoder: RowDecoder;
  readonly #name: string;
  #connection: PostgresConnection | null = null;
  #driver: Listener[] = [];
  /** The beginning of a message that has not arrived whole, and how long it will be. */
  #parts: Buffer[] = [];
  #partsLength = 0;
  #needed = messageHeader;
  #batches: RecordBatch[] = [];
  #error: TsopsError | null = null;
  #isReady = false;
  #wake: () => void = () => {};

  constructor(statement: string, decoder: RowDecoder, name: string) {
    this.#statement = statement;
    this.#decoder = decoder;
    this.#name = name;
  }

  /** The next batch; null when the server is done with the statement. */
  async next(): Promise<RecordBatch | null> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch !== undefined) return batch;
      if (this.#error !== null) throw this.#error;
      if (this.#isReady) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#connection?.stream.resume();
      });
    }
  }

  /** Ends `next` with an error, the first one that happens. */
  fail(error: unknown): void {
    this.#error ??= asTsopsError(error, this.#name);
    if (this.#driver.length > 0) this.#connection?.stream.pause();
    this.#batches = TsopsError.is(error, "ABORTED") ? [] : this.#batches;
    this.#wake();
  }

  submit(connection: PostgresConnection): void {
    const { stream } = connection;
    this.#connection = connection;
    this.#driver = stream.listeners("data") as Listener[];
    for (const listener of this.#driver) stream.off("data", listener);
    stream.on("data", this.#onData);
    connection.query(this.#statement);
  }

  #onData = (chunk: Buffer): void => {
    try {
      this.#read(chunk);
    } catch (error) {
      this.fail(error);
    }
  };

  #read(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#parts.length > 0) {
      this.#parts.push(chunk);
      this.#partsLength += chunk.length;
      if (this.#partsLength < this.#needed) return;
      bytes = Buffer.concat(this.#parts, this.#partsLength);
      this.#parts = [];
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const end = bytes.length;
    let at = 0;
    this.#needed = messageHeader;
    while (at + messageHeader <= end) {
      const type = bytes[at];
      const next = at + 1 + view.getUint32(at + 1);
      if (next > end) {
        this.#needed = next - at;
        break;
      }
      if (type === copyData) this.#decoder.read(bytes, view, at + messageHeader, next);
      else if (type === copyDone) {
        this.#finish(bytes.subarray(next));
        return;
      } else if (type === errorResponse) {
        this.#handBack(bytes.subarray(at));
        return;
      } else
        for (const listener of this.#driver)
          listener.call(this.#connection?.stream, bytes.subarray(at, next));
      at = next;
    }
    if (at < end) {
      this.#parts = [bytes.subarray(at)];
      this.#partsLength = end - at;
    }
    this.#collect();
    if (this.#batches.length > 0) this.#connection?.stream.pause();
  }

  #collect(): void {
    for (let batch = this.#decoder.take(); batch !== null; batch = this.#decoder.take())
      this.#batches.push(batch);
    if (this.#batches.length > 0) this.#wake();
  }

  #finish(rest: Buffer): void {
    this.#collect();
    const last = this.#decoder.finish();
    if (last !== null) this.#batches.push(last);
    this.#handBack(rest);
  }

  /** The driver reads the socket again, beginning with what has arrived already. */
  #handBack(rest: Buffer): void {
    const stream = this.#connection?.stream;
    const listeners = this.#driver;
    this.#driver = [];
    stream?.off("data", this.#onData);
    for (const listener of listeners) stream?.on("data", listener);
    if (rest.length > 0) for (const listener of listeners) listener.call(stream, rest);
    stream?.resume();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const sent = Number(/^COPY (\d+)$/.exec(text)?.[1]);
    if (sent !== this.#decoder.rows)
      this.fail(
        new TsopsError(
          "ADAPTER_UNAVAILABLE",
          `The server says ${text}, but ${this.#decoder.rows} rows arrived.`,
          {
            hint: "Connect to PostgreSQL directly, without a program in between that changes answers.",
          },
        ),
      );
  }

  handleReadyForQuery(): void {
    this.#isReady = true;
    this.#wake();
  }

  handleError(error: Error): void {
    this.fail(error);
  }

  handleCopyInResponse(): void {}
  handleCopyData(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

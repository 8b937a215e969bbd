import { abortedError, TsopsError } from "@tsops/core";
import type { PostgresConnection, PostgresSubmittable } from "./client.ts";
import { asTsopsError } from "./errors.ts";

/** A piece of the format on its way to the server, with room for the message's header in front. */
export interface CopyBuffer {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** Where the rows begin in a `CopyBuffer`. */
export const copyBufferStart = 5;
const copyBufferSize = 1 << 18;
/** One is filled while the others are sent. */
const copyBuffers = 4;

/**
 * `COPY ... FROM STDIN (FORMAT binary)`: the caller fills buffers, which go to the socket as they are. At most four are under
 * way, so a slow server slows the caller down. What goes wrong at any time rejects the call under way or the next one.
 */
export class CopyIn implements PostgresSubmittable {
  readonly #statement: string;
  readonly #name: string;
  #connection: PostgresConnection | null = null;
  #free: CopyBuffer[] = [];
  #made = 0;
  #isOpen = false;
  #isReady = false;
  #rows = 0;
  #error: TsopsError | null = null;
  #wake: () => void = () => {};
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#fail(abortedError(this.#signal as AbortSignal));

  constructor(statement: string, name: string, signal: AbortSignal | undefined) {
    this.#statement = statement;
    this.#name = name;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** A buffer to fill, at least this large. */
  async buffer(size = 0): Promise<CopyBuffer> {
    await this.#until(() => this.#isOpen && (this.#free.length > 0 || this.#made < copyBuffers));
    const free = this.#free.pop();
    if (free === undefined) this.#made++;
    if (free !== undefined && free.bytes.length >= size) return free;
    const bytes = Buffer.allocUnsafeSlow(Math.max(size, copyBufferSize));
    return { bytes, view: new DataView(bytes.buffer) };
  }

  /** Sends the first `length` bytes of a buffer, which is not the caller's any more. */
  send(buffer: CopyBuffer, length: number): void {
    buffer.bytes[0] = 0x64; // CopyData
    buffer.view.setInt32(1, length - 1);
    this.#connection?.stream.write(buffer.bytes.subarray(0, length), (error) => {
      if (error) this.#fail(error);
      // One that was made for a large row is not kept.
      if (buffer.bytes.length === copyBufferSize) this.#free.push(buffer);
      else this.#made--;
      this.#wake();
    });
  }

  /** Ends the rows; resolves once the server has taken them. @throws TsopsError ADAPTER_UNAVAILABLE when it counts others */
  async end(sent: number): Promise<void> {
    await this.#until(() => this.#isOpen);
    this.#connection?.stream.write(Buffer.of(0x63, 0, 0, 0, 4)); // CopyDone
    await this.#until(() => this.#isReady);
    if (this.#rows === sent) return;
    throw new TsopsError(
      "ADAPTER_UNAVAILABLE",
      `${sent} rows were sent, and the server took ${this.#rows}.`,
      {
        hint: "Look for a trigger or a rule that leaves rows out. Nothing was written.",
      },
    );
  }

  /** Stops to listen to the signal. */
  close(): void {
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#error !== null) throw this.#error;
      if (condition()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #fail(error: unknown): void {
    this.#error ??= asTsopsError(error, this.#name);
    this.#wake();
  }

  submit(connection: PostgresConnection): void {
    this.#connection = connection;
    connection.query(this.#statement);
  }

  handleCopyInResponse(): void {
    this.#isOpen = true;
    this.#wake();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#isReady = true;
    this.#wake();
  }

  handleError(error: Error): void {
    this.#fail(error);
  }

  handleCopyData(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

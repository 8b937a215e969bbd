/** What a call takes that may have to wait, for another process's lock or for a server. */
export interface CallOptions {
  /** A call whose signal fires while it waits rejects with TsopsError ABORTED. An embedded store has then changed nothing. */
  readonly signal?: AbortSignal | undefined;
}

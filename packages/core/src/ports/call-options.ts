/** What a call takes that may have to wait, for another process's lock or for a server. */
export interface CallOptions {
  /**
   * A call whose signal fires while it waits rejects with TsopsError ABORTED. An embedded store has then written nothing that
   * counts; a prediction whose commit was under way at that moment may still be kept.
   */
  readonly signal?: AbortSignal | undefined;
}

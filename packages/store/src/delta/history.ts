import { listLog, readCommit } from "./log.ts";
import { commitMicros } from "./state.ts";

/** One commit of a table. */
export interface HistoryEntry {
  readonly version: number;
  /** Instant of the commit in microseconds UTC; null when the tool that wrote it does not say. */
  readonly timestampMicros: bigint | null;
  /** e.g. `"WRITE"`, `"OPTIMIZE"`; null when not recorded. */
  readonly operation: string | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly filesAdded: number;
  readonly filesRemoved: number;
  /** Transaction that the commit belongs to, if it was an idempotent append. */
  readonly txn: { readonly appId: string; readonly version: number } | null;
}

/** The commits that are in a table's log, newest first. */
export async function tableHistory(
  directory: string,
  limit = Number.POSITIVE_INFINITY,
): Promise<HistoryEntry[]> {
  const versions = [...((await listLog(directory))?.commits ?? [])].reverse();
  const entries: HistoryEntry[] = [];
  for (const version of versions) {
    if (entries.length >= limit) break;
    const actions = await readCommit(directory, version);
    if (actions === null) continue;
    const info = actions.find(({ commitInfo }) => commitInfo)?.commitInfo;
    const txn = actions.find((action) => action.txn)?.txn;
    entries.push({
      version,
      timestampMicros: commitMicros(actions),
      operation: info?.operation ?? null,
      parameters: info?.operationParameters ?? {},
      metrics: info?.operationMetrics ?? {},
      filesAdded: actions.filter(({ add }) => add).length,
      filesRemoved: actions.filter(({ remove }) => remove).length,
      txn: txn ? { appId: txn.appId, version: txn.version } : null,
    });
  }
  return entries;
}

import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { checkOptions } from "../../options.ts";
import type { CallOptions } from "../../ports/call-options.ts";
import type { OnlineStore } from "../../ports/online-store.ts";
import type { Columns } from "../../schema/columns.ts";
import type { InstantInput } from "../../time/instant.ts";
import type { FeatureView } from "../feature-view.ts";
import { OnlineDefinition } from "./online-definition.ts";
import { type LookupOptions, OnlineState } from "./online-features.ts";

/** What `memoryOnlineStore` takes. */
export interface MemoryOnlineStoreOptions<Views extends readonly FeatureView[]> {
  readonly views: Views;
}

/**
 * An `OnlineStore` in this process: the features of `onlineFeatures` behind the contract that stores on a server have, for tests
 * and for one process alone.
 * @throws TsopsError FEATURE_INVALID
 */
export function memoryOnlineStore<const Views extends readonly FeatureView[]>(
  options: MemoryOnlineStoreOptions<Views>,
): OnlineStore<Views> {
  checkOptions("FEATURE_INVALID", "memoryOnlineStore()", options, { views: true });
  const definition = new OnlineDefinition(options.views);
  const state = new OnlineState(definition, {});
  let isClosed = false;
  const begin = ({ signal }: CallOptions): void => {
    if (isClosed)
      throw new TsopsError("STORE_UNAVAILABLE", "The online store was used after it was closed.", {
        hint: "Open another with memoryOnlineStore().",
      });
    throwIfAborted(signal);
  };
  const close = async (): Promise<void> => {
    isClosed = true;
  };
  const store: OnlineStore = {
    viewTables: definition.viewTables,
    async observe(table: string, rows: Columns, call: CallOptions = {}) {
      begin(call);
      return state.observe(table, rows);
    },
    async lookup(spine: Columns, { signal, ...how }: LookupOptions & CallOptions) {
      begin({ signal });
      return state.lookup(spine, how) as never;
    },
    async advance(to: InstantInput, call: CallOptions = {}) {
      begin(call);
      return state.advance(to);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return store as unknown as OnlineStore<Views>;
}

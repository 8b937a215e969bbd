import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { importPeer } from "../import-peer.ts";
import type { CompareWindows, RenderDriftPage } from "./drift/companions.ts";
import type { DrawForecasts } from "./forecast/companions.ts";
import type { CheckQuality, LearnQuality } from "./quality/companions.ts";
import type {
  CheckRows,
  JoinServed,
  LivePage,
  MessagePage,
  OpenStoredHome,
  OpenStoredTable,
  RenderReport,
  ReportAsJson,
  WatchServed,
} from "./report/companions.ts";
import type { TableFiles } from "./table-file/table-files.ts";

/** What the command uses of the other packages, by entry. They are loaded as the app's: core imports none of them. */
interface Companions {
  "@tsops/store": { readonly openHome: OpenStoredHome; readonly openTable: OpenStoredTable };
  "@tsops/store/files": { readonly tableFiles: TableFiles };
  "@tsops/monitor": {
    readonly driftTest: CompareWindows;
    readonly benjaminiHochberg: (pValues: readonly number[]) => number[];
    readonly learnQuality: LearnQuality;
    readonly checkQuality: CheckQuality & CheckRows;
    readonly joinOutcomes: JoinServed;
  };
  "@tsops/monitor/report": {
    readonly drawForecasts: DrawForecasts;
    readonly renderDriftPage: RenderDriftPage;
    readonly renderReport: RenderReport;
    readonly reportJson: ReportAsJson;
    readonly livePage: LivePage;
    readonly messagePage: MessagePage;
    readonly watchServed: WatchServed;
  };
}

/** Optional packages that an entry draws with, to be installed with it. */
const drawnWith: Partial<Record<keyof Companions, readonly string[]>> = {
  "@tsops/monitor/report": ["@observablehq/plot", "linkedom"],
};

/**
 * Loads an entry of another package: as it is installed beside this one, or in the working directory's project.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY
 */
export function loadCompanion<Entry extends keyof Companions>(
  neededBy: string,
  entry: Entry,
  cwd: string,
): Promise<Companions[Entry]> {
  const name = entry.split("/").slice(0, 2).join("/");
  const load = async () => {
    let path: string;
    try {
      path = createRequire(import.meta.url).resolve(entry);
    } catch {
      path = createRequire(join(cwd, "package.json")).resolve(entry);
    }
    return (await import(pathToFileURL(path).href)) as Companions[Entry];
  };
  return importPeer(neededBy, name, load, [name, ...(drawnWith[entry] ?? [])]);
}

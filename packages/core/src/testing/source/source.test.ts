import { describe, it } from "vitest";
import { memorySource, sourceCases } from "./index.ts";
import type { SourceSubject } from "./subject.ts";

const open = async (): Promise<SourceSubject> => ({
  async open(table) {
    const source = memorySource({ table });
    return {
      source,
      drop: async () => source.drop(),
      recreate: async () => source.recreate(),
      rowsRead: () => source.rowsRead,
    };
  },
  close: async () => {},
});

describe("the source in memory keeps the promises of a source", () => {
  for (const { name, run } of sourceCases(open)) it(name, { timeout: 60_000 }, run);
});

import { describe, it } from "vitest";
import { decisionLogCases } from "./decision-log.ts";
import { ledgerCases } from "./ledger.ts";
import { memoryDecisionLog } from "./memory-decision-log.ts";
import { memoryLedger } from "./memory-ledger.ts";
import { memoryOutbox } from "./memory-outbox.ts";
import { outboxCases } from "./outbox.ts";

describe("the ledger in memory keeps the promises of a ledger", () => {
  for (const { name, run } of ledgerCases(async () => ({ ledger: memoryLedger(), close: async () => {} })))
    it(name, run);
});

describe("the decision log in memory keeps the promises of a decision log", () => {
  for (const { name, run } of decisionLogCases(async () => ({
    decisions: memoryDecisionLog(),
    close: async () => {},
  })))
    it(name, run);
});

describe("the outbox in memory keeps the promises of an outbox", () => {
  for (const { name, run } of outboxCases(async () => ({ outbox: memoryOutbox(), close: async () => {} })))
    it(name, run);
});

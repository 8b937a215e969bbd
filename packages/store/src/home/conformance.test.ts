import { join } from "node:path";
import {
  decisionLogCases,
  ledgerCases,
  outboxCases,
  predictionLogCases,
  registryCases,
  trackerCases,
} from "@tsops/core/testing";
import { describe, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { type Home, openHome } from "./home.ts";

type Opened = Pick<
  Home,
  "tracker" | "registry" | "ledger" | "predictions" | "decisions" | "outbox" | "close"
>;

async function open(): Promise<Opened> {
  const directory = temporaryDirectory();
  const home = await openHome(join(directory.path, ".tsops"));
  const close = async (): Promise<void> => {
    await home.close();
    await directory.dispose();
  };
  const { tracker, registry, ledger, predictions, decisions, outbox } = home;
  return { tracker, registry, ledger, predictions, decisions, outbox, close };
}

const kits = {
  tracker: trackerCases,
  registry: registryCases,
  ledger: ledgerCases,
  "prediction log": predictionLogCases,
  "decision log": decisionLogCases,
  outbox: outboxCases,
};

for (const [name, cases] of Object.entries(kits))
  describe(`the home keeps the promises of a ${name}`, () => {
    for (const { name, run } of cases(open)) it(name, run);
  });

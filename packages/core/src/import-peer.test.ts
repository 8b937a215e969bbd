import { expect, it } from "vitest";
import { TsopsError } from "./errors.ts";
import { importPeer } from "./import-peer.ts";

it("gives the module, or says which package to install", async () => {
  expect(await importPeer("x", "node:path", () => import("node:path"))).toHaveProperty("join");
  const missing = Object.assign(new Error("Cannot find package 'pg'"), { code: "ERR_MODULE_NOT_FOUND" });
  const failing = importPeer("The Postgres source", "pg", () => Promise.reject(missing));
  await expect(failing).rejects.toSatisfy(
    (error) =>
      TsopsError.is(error, "ADAPTER_MISSING_DEPENDENCY") &&
      error.message === 'The Postgres source needs the package "pg", which could not be loaded.' &&
      error.hint === "Run `npm install pg`." &&
      error.cause === missing,
  );
});

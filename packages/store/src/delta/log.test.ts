import { TsopsError } from "@tsops/core";
import { expect, it } from "vitest";
import { asLinkError } from "./log.ts";

it("takes what file systems without hard links answer for what it is, and leaves other failures alone", () => {
  const failure = (code: string) => Object.assign(new Error(code), { code });
  for (const code of ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])
    expect(TsopsError.is(asLinkError(failure(code)), "STORE_UNSUPPORTED"), code).toBe(true);
  for (const error of [failure("EEXIST"), failure("ENOSPC"), failure("EROFS"), new Error("other"), "text"])
    expect(asLinkError(error)).toBe(error);
});

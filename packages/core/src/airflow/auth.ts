import { TsopsError } from "../errors.ts";
import { checkOptions } from "../options.ts";

/** What an authentication is asked with. */
export interface AirflowAuthRequest {
  /** Of the server, without a slash at its end. */
  readonly url: string;
  /** True when the server refused what was given last. */
  readonly isRefused: boolean;
  readonly signal: AbortSignal;
}

/** Gives the `Authorization` header of a request; asked again once when the server refuses it. */
export type AirflowAuth = (request: AirflowAuthRequest) => string | PromiseLike<string>;

/** User name and password, exchanged for a token at `/auth/token`, as the SimpleAuthManager and FAB's auth manager do it. */
export function passwordAuth(user: { readonly username: string; readonly password: string }): AirflowAuth {
  checkOptions("CONFIG_INVALID", "passwordAuth()", user, { username: true, password: true });
  for (const name of ["username", "password"] as const)
    if (typeof user[name] !== "string" || user[name] === "")
      throw new TsopsError("CONFIG_INVALID", `passwordAuth() needs a ${name}.`, {
        hint: "Give { username, password }.",
      });
  let token: Promise<string> | null = null;
  return ({ url, isRefused, signal }) => {
    if (isRefused) token = null;
    token ??= fetchToken(url, user, signal).catch((error: unknown) => {
      token = null;
      throw error;
    });
    return token;
  };
}

/** A token that the caller has, or gets from elsewhere. */
export function tokenAuth(token: string | (() => string | PromiseLike<string>)): AirflowAuth {
  return async () => `Bearer ${typeof token === "string" ? token : await token()}`;
}

async function fetchToken(
  url: string,
  { username, password }: { readonly username: string; readonly password: string },
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(`${url}/auth/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
    signal,
  });
  const answer: unknown = await response.json().catch(() => null);
  // 201 by the SimpleAuthManager.
  if (response.ok && typeof answer === "object" && answer !== null && "access_token" in answer)
    return `Bearer ${String(answer.access_token)}`;
  throw new TsopsError(
    response.status >= 500 ? "ADAPTER_UNAVAILABLE" : "CONFIG_INVALID",
    `Airflow gave no token for the user "${username}": it answered ${response.status}.`,
    { hint: "Check user name and password, and which auth manager the server uses." },
  );
}

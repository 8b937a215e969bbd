import { errorCode } from "./problem.ts";

/** A server that the app needs for what it answers. */
export interface Dependency {
  readonly name: string;
  /** Rejects when it is away. */
  check(signal: AbortSignal): Promise<unknown>;
}

/** How the app and what it needs are. */
export interface Readiness {
  readonly isReady: boolean;
  /** By name: "ok", or the code of the error. */
  readonly services: Readonly<Record<string, string>>;
}

const patienceMs = 3000;

/** Asks all of them at once; one that does not answer in time is away. */
export async function readinessOf(dependencies: readonly Dependency[]): Promise<Readiness> {
  const answers = await Promise.all(
    dependencies.map(async ({ name, check }) => {
      try {
        await check(AbortSignal.timeout(patienceMs));
        return [name, "ok"] as const;
      } catch (error) {
        return [name, errorCode(error)] as const;
      }
    }),
  );
  return { isReady: answers.every(([, answer]) => answer === "ok"), services: Object.fromEntries(answers) };
}

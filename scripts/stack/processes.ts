import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

/** A port of this machine that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Runs a program to its end and returns what it printed.
 * @param options.shows - Whether its output is passed on while it runs; its errors always are.
 */
export async function runProgram(
  [program, ...parameters]: readonly [string, ...string[]],
  options: {
    readonly cwd: string;
    readonly environment: Readonly<Record<string, string>>;
    readonly shows: boolean;
  },
): Promise<string> {
  const child = spawn(program, parameters, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (options.shows) process.stdout.write(text);
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0) throw new Error(`${parameters.at(-1)} ended with ${code ?? signal}.`);
  return printed;
}

import { spawn } from "node:child_process";

/** Programs that open a file or address as people do, by `process.platform`; elsewhere that of freedesktop.org. */
const openers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** A program that found no browser says so at once; one that is still there after this time has taken the target. */
const settledMs = 2_000;

/**
 * Opens a file or an address in the system's browser, which goes on by itself.
 * @returns Whether a program took it.
 */
export function openInBrowser(target: string): Promise<boolean> {
  const [program, ...given] = openers[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(program, [...given, target], { detached: true, stdio: "ignore" });
    child.once("error", () => {
      clearTimeout(settled);
      resolve(false);
    });
    const settled = setTimeout(() => resolve(true), settledMs);
    child.once("exit", (code) => {
      clearTimeout(settled);
      resolve(code === 0);
    });
    child.unref();
  });
}

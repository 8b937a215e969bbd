import { spawn } from "node:child_process";

/** Programs that open a file or address as people do, by `process.platform`; elsewhere that of freedesktop.org. */
const openers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * Opens a file or an address in the system's browser, which goes on by itself.
 * @returns Whether a program took it.
 */
export function openInBrowser(target: string): Promise<boolean> {
  const [program, ...given] = openers[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(program, [...given, target], { detached: true, stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { registerModel, workspace } from "./fixtures.ts";

const child = fileURLToPath(new URL("./crash-child.ts", import.meta.url));

it.for([40, 90, 140])(
  "every prediction that was answered is readable after SIGKILL (after %i answers)",
  { timeout: 60_000 },
  async (answers) => {
    const space = await workspace();
    await registerModel(space.home, 240, ["champion"]);
    const server = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=@tsops/source", child, space.home.path],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    let printed = "";
    server.stdout.setEncoding("utf8");
    server.stdout.on("data", (text: string) => {
      printed += text;
      if (printed.split("\n").length > answers) server.kill("SIGKILL");
    });
    await once(server, "close");
    const whole = printed.slice(0, printed.lastIndexOf("\n")).split("\n");
    expect(whole.length).toBeGreaterThanOrEqual(answers);
    for (const id of whole) expect((await space.home.predictions.get(id)).predictionId).toBe(id);
    await space.close();
  },
);

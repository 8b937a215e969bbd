// Builds dist/ of the four packages: core first, since the declarations of the others refer to those of core, then the others at once.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const tsup = join(root, "node_modules/tsup/dist/cli-default.js");

function build(name) {
  return new Promise((done, fail) => {
    const started = performance.now();
    const child = spawn(process.execPath, [tsup, "--silent"], {
      cwd: join(root, "packages", name),
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.once("error", fail);
    child.once("exit", (code) => {
      if (code !== 0) return fail(new Error(`The build of @tsops/${name} failed (exit ${code}).`));
      console.log(`@tsops/${name}: built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
      done();
    });
  });
}

await build("core");
await Promise.all(["store", "serve", "monitor"].map(build));

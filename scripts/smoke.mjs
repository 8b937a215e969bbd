// Packs the four packages, installs the tarballs into an empty project outside the workspace, compiles the README's first
// script there under NodeNext, and runs it: finds what no check inside the workspace can (missing files, undeclared
// dependencies, broken exports). Also prints the sizes that the README quotes.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const run = (command, args, cwd) =>
  execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`;

const root = resolve(import.meta.dirname, "..");
const app = mkdtempSync(join(tmpdir(), "tsops-smoke-"));
try {
  for (const name of ["core", "store", "serve", "monitor"]) {
    run("npm", ["pack", "--silent", "--pack-destination", app, "--workspace", `@tsops/${name}`], root);
  }
  const tarballs = readdirSync(app).filter((file) => file.endsWith(".tgz"));
  for (const file of tarballs) console.log(`${file}: ${kib(statSync(join(app, file)).size)} packed`);

  writeFileSync(
    join(app, "package.json"),
    JSON.stringify({ name: "empty-app", private: true, type: "module" }),
  );
  run("npm", ["install", "--no-audit", "--no-fund", ...tarballs.map((file) => `./${file}`)], app);
  console.log(`node_modules with all four: ${run("du", ["-sm", "node_modules"], app).split("\t")[0]} MiB`);
  for (const heavy of ["ml-random-forest", "pg"]) {
    if (readdirSync(join(app, "node_modules")).includes(heavy))
      throw new Error(`Installing the packages pulled in ${heavy}, which must be optional.`);
  }

  const version = (name) =>
    JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
  run(
    "npm",
    [
      "install",
      "--no-audit",
      "--no-fund",
      "-D",
      ...["typescript", "tsx", "@types/node"].map((n) => `${n}@${version(n)}`),
    ],
    app,
  );
  const script = /```ts run\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1];
  if (script === undefined) throw new Error("README.md has no runnable script.");
  writeFileSync(join(app, "first.ts"), script);
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2022",
    strict: true,
    noEmit: true,
    types: ["node"],
  };
  writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["first.ts"] }));
  run("npx", ["tsc", "-p", "."], app);
  const printed = run("npx", ["tsx", "first.ts"], app).trimEnd();
  const expected = [...script.matchAll(/^ *\/\/=> ?(.*)$/gm)].map((match) => match[1]).join("\n");
  console.log(printed);
  if (printed !== expected)
    throw new Error(`The script printed something else than the README says:\n${expected}`);
  console.log(run("npx", ["tsops", "--version"], app).trim());
} finally {
  rmSync(app, { recursive: true, force: true });
}

// Packs the four packages and installs the tarballs into two empty apps outside the workspace: one with all four, where the README's
// first script is compiled and run, and one that only predicts. Finds what no check inside the workspace can: missing files,
// undeclared dependencies, broken exports, a driver that came along. Prints their sizes.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const work = mkdtempSync(join(tmpdir(), "tsops-smoke-"));
const readJson = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));

function run(cwd, command, ...args) {
  return execFileSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  }).trimEnd();
}

/** Tarballs by package name. */
function pack() {
  const tarballs = {};
  for (const name of ["core", "store", "serve", "monitor"]) {
    const file = run(
      root,
      "npm",
      "pack",
      "--silent",
      "--pack-destination",
      work,
      "--workspace",
      `@tsops/${name}`,
    );
    tarballs[`@tsops/${name}`] = join(work, file);
    console.log(`@tsops/${name}: ${(statSync(join(work, file)).size / 1024).toFixed(0)} KiB packed`);
  }
  return tarballs;
}

/** An empty app with packages installed; no script of a dependency runs, so whatever needs one breaks here. */
function app(name, ...packages) {
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  install(folder, ...packages);
  const { packages: installed } = readJson(folder, "node_modules/.package-lock.json");
  const scripted = Object.keys(installed).filter((path) => installed[path].hasInstallScript);
  if (scripted.length > 0) throw new Error(`${name}: these have install scripts: ${scripted.join(", ")}`);
  const size = run(folder, "du", "-sm", "node_modules").split("\t")[0];
  console.log(`${name}: ${Object.keys(installed).length} packages, ${size} MiB in node_modules`);
  return { folder, has: (dependency) => `node_modules/${dependency}` in installed };
}

function install(folder, ...packages) {
  run(
    folder,
    "npm",
    "install",
    "--ignore-scripts",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    ...packages,
  );
}

function refuse({ has }, ...dependencies) {
  const found = dependencies.filter(has);
  if (found.length > 0) throw new Error(`Installing the packages pulled in ${found.join(", ")}.`);
}

/** Adds the tools that an app in TypeScript has, in the versions of the workspace. */
function addTools(folder) {
  const version = (name) => readJson(root, "node_modules", name, "package.json").version;
  install(folder, "-D", ...["typescript", "tsx", "@types/node"].map((name) => `${name}@${version(name)}`));
}

function compile(folder, file, options = {}) {
  const compilerOptions = {
    module: "NodeNext",
    target: "ES2022",
    strict: true,
    noEmit: true,
    types: ["node"],
    ...options,
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: [file] }));
  run(folder, "npx", "tsc", "-p", ".");
}

/** Imports every public entry of a package, but those left out, in plain Node. */
function importEntries(folder, name, ...omit) {
  const { exports } = readJson(folder, "node_modules", name, "package.json");
  const entries = Object.keys(exports).filter((key) => !key.includes("*") && !key.endsWith(".json"));
  const specifiers = entries.filter((key) => !omit.includes(key)).map((key) => name + key.slice(1));
  const code = `for (const s of ${JSON.stringify(specifiers)}) if (Object.keys(await import(s)).length === 0) throw new Error(s + " exports nothing");`;
  run(folder, process.execPath, "--input-type=module", "-e", code);
}

/** Runs a script, which must print its `//=>` lines. */
function expectOutput(folder, file) {
  const printed = run(folder, "npx", "tsx", file);
  console.log(printed);
  const script = readFileSync(join(folder, file), "utf8");
  const expected = [...script.matchAll(/^ *\/\/=> ?(.*)$/gm)].map((match) => match[1]).join("\n");
  if (printed !== expected) throw new Error(`${file} should have printed:\n${expected}`);
}

/** The command finds the package that reads files although its own does not depend on it. */
function forecastFile(folder) {
  const file = "node_modules/@tsops/store/data/bike_sharing.parquet";
  const options = ["--target", "users", "--horizon", "24", "--model", "theta", "--json"];
  const { forecast } = JSON.parse(run(folder, "npx", "--no-install", "tsops", "forecast", file, ...options));
  if (forecast.length !== 24) throw new Error(`tsops forecast gave ${forecast.length} rows in place of 24.`);
  console.log(`tsops forecast: ${forecast.length} rows from ${forecast[0].time} on`);
}

try {
  const tarballs = pack();

  const all = app("all-four", ...Object.values(tarballs));
  refuse(
    all,
    "@bsull/augurs",
    "@bsull/augurs-prophet-wasmstan",
    "ml-random-forest",
    "ml-matrix",
    "onnxruntime-node",
    "protobufjs",
    "@observablehq/plot",
    "esbuild",
    "pg",
    "redis",
    "undici",
    "prom-client",
  );
  for (const name of Object.keys(tarballs)) importEntries(all.folder, name);
  addTools(all.folder);
  const script = /```ts run\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1];
  if (script === undefined) throw new Error("README.md has no runnable script.");
  writeFileSync(join(all.folder, "first.ts"), script);
  // As in most apps: the declarations of apache-arrow are not written for these checks.
  compile(all.folder, "first.ts", { skipLibCheck: true });
  expectOutput(all.folder, "first.ts");
  console.log(`tsops ${run(all.folder, "npx", "--no-install", "tsops", "--version")}`);
  forecastFile(all.folder);

  const predictOnly = app("predict-only", tarballs["@tsops/core"], tarballs["@tsops/serve"]);
  refuse(predictOnly, "@tsops/store", "@duckdb/node-api", "apache-arrow", "libsql");
  // These two speak Arrow.
  importEntries(predictOnly.folder, "@tsops/core", "./arrow", "./testing/source");
  importEntries(predictOnly.folder, "@tsops/serve");
  addTools(predictOnly.folder);
  cpSync(join(root, "scripts/smoke/predict-only.ts"), join(predictOnly.folder, "main.ts"));
  compile(predictOnly.folder, "main.ts");
  expectOutput(predictOnly.folder, "main.ts");
} finally {
  rmSync(work, { recursive: true, force: true });
}

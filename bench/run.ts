// npm run bench -- <case>: runs one case and writes its results.json. Without a case, lists them.
import { existsSync, readdirSync } from "node:fs";

const [name] = process.argv.splice(2, 1);
const cases = readdirSync(import.meta.dirname).filter((folder) =>
  existsSync(`${import.meta.dirname}/${folder}/run.ts`),
);
if (name === undefined || !cases.includes(name)) {
  console.log(`usage: npm run bench -- <case>\ncases: ${cases.join(", ")}`);
  process.exitCode = name === undefined ? 0 : 64;
} else await import(`./${name}/run.ts`);

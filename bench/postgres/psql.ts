// Both cases by psql's binary COPY, to nowhere and from a file. Started by run.ts.
import { execFileSync } from "node:child_process";
import { report, timed } from "../harness/measured.ts";
import { into, out } from "./input.ts";

const [connection, repeats, prefix, file] = process.argv.slice(2) as [string, string, string, string];
const psql = (command: string): string =>
  execFileSync("psql", [connection, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", command], {
    encoding: "utf8",
  });

await timed(out, Number(repeats), () =>
  psql("\\copy (SELECT meter, at, a, b FROM readings ORDER BY at, meter) TO /dev/null (FORMAT binary)"),
);
for (let i = 0; i <= Number(repeats); i++) psql(`TRUNCATE ${prefix}_${i}`);
psql("CHECKPOINT");
await timed(into, Number(repeats), (repeat) =>
  psql(`\\copy ${prefix}_${repeat + 1} FROM '${file}' (FORMAT binary)`),
);
report(
  execFileSync("psql", ["--version"], { encoding: "utf8" }).replace(
    /^psql \(PostgreSQL\) (\S+)[\s\S]*$/,
    "$1",
  ),
);

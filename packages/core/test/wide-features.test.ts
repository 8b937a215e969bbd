import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** A program with 50 views of 50 features each; `body` uses them. */
function source(body: string): string {
  const features = names("f", 50).map(
    (name, i) => `${name}: ${i % 2 === 0 ? `column("c${i % 10}")` : `mean("c${i % 10}", "7d")`}`,
  );
  const views = names("v", 50).map(
    (name) =>
      `const ${name} = featureView({ name: "${name}", table: t, features: { ${features.join(", ")} } });`,
  );
  return `
import { column, featureView, float64, type JoinedRow, mean, table, timestamp, utf8 } from "../src/index.ts";
const t = table({ name: "t", columns: { k: utf8(), at: timestamp(), ${names("c", 10)
    .map((name) => `${name}: float64()`)
    .join(", ")} }, keys: ["k"], eventTime: "at" });
${views.join("\n")}
const spine = { k: utf8(), at: timestamp() };
export type Row = JoinedRow<typeof spine, [${names("v", 50)
    .map((name) => `typeof ${name}`)
    .join(", ")}]>;
${body}`;
}

function check(text: string): { readonly errors: readonly string[]; readonly instantiations: number } {
  const file = join(import.meta.dirname, "wide-generated.ts");
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const checked = {
    ...options,
    composite: false,
    declaration: false,
    declarationMap: false,
    emitDeclarationOnly: false,
    noEmit: true,
  };
  const host = ts.createCompilerHost(checked);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], checked, host);
  const diagnostics = program.getSemanticDiagnostics(program.getSourceFile(file));
  return {
    errors: diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
    instantiations: program.getInstantiationCount(),
  };
}

describe("the types of 50 views with 50 features each", () => {
  it("check, know every column, and stay cheap", () => {
    const { errors, instantiations } = check(
      source(`
export const read = (row: Row): (number | null)[] => [row.v0__f0, row.v49__f49, row.v25__f13];
export const when = (row: Row): Date | null => row.v7__feature_time;
// @ts-expect-error there is no view v50
export const none = (row: Row) => row.v50__f0;
`),
    );
    expect(errors).toEqual([]);
    expect(instantiations).toBeLessThan(180_000);
  });
});

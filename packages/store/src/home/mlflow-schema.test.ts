import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import {
  type SchemaObject,
  schemaDifferences,
  schemaOf,
} from "../../test/integration/mlflow/schema-difference.ts";
import { mlflowRevision, mlflowSchema, testedRevisions } from "./mlflow-schema.ts";
import { openSqlite } from "./sqlite.ts";

const fixture = new URL(
  "../../test/integration/__fixtures__/mlflow-3.0.1-schema-400f98739977.json",
  import.meta.url,
);
const recorded = JSON.parse(readFileSync(fixture, "utf8")) as { revision: string; objects: SchemaObject[] };

it("is the schema that MLflow 3.0.1 created at that revision, without any difference", async () => {
  const directory = temporaryDirectory();
  const database = await openSqlite(join(directory.path, "ours.db"));
  database.exec(mlflowSchema);
  expect(recorded.revision).toBe(mlflowRevision);
  expect(schemaDifferences(schemaOf(database), recorded.objects)).toEqual([]);
  database.exec("DROP INDEX index_tags_run_uuid; ALTER TABLE params ADD COLUMN extra TEXT");
  expect(schemaDifferences(schemaOf(database), recorded.objects).map((line) => line.split("\n")[0])).toEqual([
    "only theirs: index index_tags_run_uuid",
    "differs: table params",
  ]);
  database.close();
  await directory.dispose();
});

it("is the oldest of the revisions that are written to", () => {
  expect(testedRevisions[0]).toBe(mlflowRevision);
  expect(new Set(testedRevisions).size).toBe(testedRevisions.length);
});

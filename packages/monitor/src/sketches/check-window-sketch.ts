import { checkEachMade, checkMade } from "../check-made.ts";

/**
 * Refuses what is no summary of a window.
 * @param where - As people write it: `"saveSketch()"`.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkWindowSketch(where: string, sketch: unknown): void {
  checkMade(where, "what sketchWindow() returned", sketch, { rows: "number", columns: "object" });
  const { columns } = sketch as { readonly columns: object };
  checkEachMade(`The columns of ${where}`, "what sketchWindow() returned", Object.values(columns), {
    kind: "text",
    distinct: "object",
    missing: "number",
  });
}

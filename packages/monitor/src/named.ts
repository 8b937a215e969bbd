import { shown } from "@tsops/core";

/** A name in a sentence, quoted; what is no text as it is shown. */
export function named(name: unknown): string {
  return typeof name === "string" ? JSON.stringify(name) : shown(name);
}

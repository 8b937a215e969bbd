import { randomUUID } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";

/** Writes a file so that whoever reads at any moment finds the old text or the new one, also where two write at once. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  await writeFile(part, text);
  await rename(part, path);
}

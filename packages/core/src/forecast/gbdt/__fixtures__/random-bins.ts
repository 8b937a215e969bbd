import type { createRandom } from "../../../random.ts";
import type { Workspace } from "../workspace.ts";

/** Bins of rows at random in a workspace, for up to so many columns of 2 to 256 bins each. */
export function randomBins(
  workspace: Workspace,
  random: ReturnType<typeof createRandom>,
  rowCount: number,
  mostColumns: number,
) {
  const widths = Array.from({ length: random.integer(1, mostColumns) }, () => random.integer(2, 257));
  const strides = workspace.int32(widths.length);
  strides.set(widths);
  const words = workspace.uint32(rowCount * widths.length);
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  bytes.forEach((_, i) => {
    bytes[i] = random.integer(widths[Math.floor(i / 4) % widths.length]!);
  });
  return { widths, strides, words };
}

import type { ComparedColumn } from "./compare.ts";

/** Adjusted p-values up to this are shown by the mark, from certain to quiet. */
const marks = [
  { upTo: 1e-4, mark: "█" },
  { upTo: 1e-3, mark: "▓" },
  { upTo: 0.05, mark: "▒" },
  { upTo: 0.5, mark: "░" },
  { upTo: 1, mark: "·" },
] as const;
/** Windows in one line, and columns, at most. */
const [mostInLine, mostColumns] = [60, 60];
const longestName = 32;

/** What is known of a window. */
interface HeatWindow {
  readonly name: string;
  readonly columns: readonly ComparedColumn[];
}

/** Columns by windows, a mark for each; the columns that drift most often first. */
export function heatLines(
  windows: readonly HeatWindow[],
  nameOf: (column: ComparedColumn) => string,
): string[] {
  const byName = new Map<string, (ComparedColumn | undefined)[]>();
  windows.forEach(({ columns }, i) => {
    for (const column of columns) {
      const name = nameOf(column);
      const found = byName.get(name) ?? new Array<ComparedColumn | undefined>(windows.length).fill(undefined);
      found[i] = column;
      byName.set(name, found);
    }
  });
  const all = [...byName].map(([name, found]) => ({
    name,
    found,
    flagged: found.filter((one) => one?.drift === true).length,
    tested: found.filter((one) => one !== undefined).length,
  }));
  const shown = all.sort((a, b) => b.flagged - a.flagged).slice(0, mostColumns);
  const width = Math.max(6, ...shown.map(({ name }) => Math.min(longestName, name.length)));
  const lines: string[] = [];
  for (let start = 0; start < windows.length; start += mostInLine) {
    const end = Math.min(windows.length, start + mostInLine);
    const [first, last] = [windows[start]?.name ?? "", windows[end - 1]?.name ?? ""];
    const room = end - start;
    const head =
      first.length + last.length + 4 <= room ? `${first}${last.padStart(room - first.length)}` : first;
    lines.push(`${"column".padEnd(width)}  ${"drift".padStart(9)}  ${head}`);
    for (const { name, found, flagged, tested } of shown) {
      const count = `${flagged} of ${tested}`.padStart(9);
      lines.push(
        `${cut(name).padEnd(width)}  ${count}  ${found
          .slice(start, end)
          .map((one) => (one === undefined ? " " : markOf(one)))
          .join("")}`,
      );
    }
  }
  if (shown.length < all.length)
    lines.push(`... and ${all.length - shown.length} more columns that drift less often`);
  lines.push(
    `${marks.map(({ upTo, mark }) => (upTo === 1 ? `${mark} more` : `${mark} p <= ${upTo}`)).join("  ")}, adjusted; a blank is not tested`,
  );
  return lines;
}

function markOf({ adjustedPValue }: ComparedColumn): string {
  return marks.find(({ upTo }) => adjustedPValue <= upTo)?.mark ?? "·";
}

function cut(name: string): string {
  return name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name;
}

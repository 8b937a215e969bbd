import type { Instants } from "./instants.ts";
import { firstAtOrAfter } from "./ordered-rows.ts";
import type { WindowColumn } from "./window-column.ts";
import type { WindowRows } from "./window-rows.ts";

/**
 * Slides a window over one key's rows: each row comes in once, when it is in time and known, and leaves once, when it is
 * too old or corrected. O(n log n) for n rows however wide the window. Sums are exact, so that what is read equals a
 * window summed afresh, bit for bit.
 * @param order - Spine rows by (time, knowledge), both never falling.
 */
export function sweepWindows(
  window: WindowRows,
  columns: ReadonlyMap<string, WindowColumn>,
  order: Int32Array,
  write: (spineRow: number, counts: (position: number) => boolean) => void,
): void {
  const { rows, start, end, earliest, latest, known, onePerTime } = window;
  const { time, available } = rows;
  const first = firstAtOrAfter(time, start, end, earliest[order[0] as number] as number | bigint);
  const isIn = new Uint8Array(end - first);
  /** Which of several rows of one time is in, by the position of the first of them; -1 for none. */
  const current = onePerTime ? new Int32Array(end - first).fill(-1) : null;
  const firstOfTime = onePerTime ? firstPositions(time, first, end) : null;
  const byAvailable = available === null ? null : positionsByAvailable(available, first, end);
  const isInTime = new Uint8Array(byAvailable === null ? 0 : end - first);
  let nextInTime = first;
  let nextKnown = 0;
  let oldest = first;

  const leave = (position: number): void => {
    isIn[position - first] = 0;
    for (const column of columns.values()) column.remove(position);
  };
  // Rows of one time come in in order of availability, so each corrects the one before.
  const enter = (position: number): void => {
    if (position < oldest) return;
    if (current !== null && firstOfTime !== null) {
      const group = (firstOfTime[position - first] as number) - first;
      const corrected = current[group] as number;
      if (corrected >= 0) leave(corrected);
      current[group] = position;
    }
    isIn[position - first] = 1;
    for (const column of columns.values()) column.add(position);
  };
  /** A row needs both its time and its availability: the second of the two lets it in. */
  const reach = (position: number): void => {
    if (isInTime[position - first] === 1) enter(position);
    else isInTime[position - first] = 1;
  };
  const counts = (position: number): boolean => position >= oldest && isIn[position - first] === 1;

  for (const spineRow of order) {
    const tooOld = earliest[spineRow] as number | bigint;
    for (; oldest < end && (time[oldest] as number | bigint) < tooOld; oldest++)
      if (isIn[oldest - first] === 1) leave(oldest);
    const upTo = latest[spineRow] as number | bigint;
    for (; nextInTime < end && (time[nextInTime] as number | bigint) <= upTo; nextInTime++)
      if (byAvailable === null) enter(nextInTime);
      else reach(nextInTime);
    if (byAvailable !== null && available !== null && known !== null) {
      const knownAt = known[spineRow] as number | bigint;
      for (; nextKnown < byAvailable.length; nextKnown++) {
        const position = byAvailable[nextKnown] as number;
        if ((available[position] as number | bigint) > knownAt) break;
        reach(position);
      }
    }
    write(spineRow, counts);
  }
}

function firstPositions(time: Instants, first: number, end: number): Int32Array {
  const result = new Int32Array(end - first);
  for (let i = 0; i < result.length; i++)
    result[i] = i > 0 && time[first + i] === time[first + i - 1] ? (result[i - 1] as number) : first + i;
  return result;
}

function positionsByAvailable(available: Instants, first: number, end: number): Int32Array {
  const positions = Int32Array.from({ length: end - first }, (_, i) => first + i);
  let isSorted = true;
  for (let position = first + 1; position < end && isSorted; position++)
    isSorted = (available[position - 1] as number | bigint) <= (available[position] as number | bigint);
  if (isSorted) return positions;
  return positions.sort((a, b) => {
    const x = available[a] as number | bigint;
    const y = available[b] as number | bigint;
    return x < y ? -1 : x > y ? 1 : a - b;
  });
}

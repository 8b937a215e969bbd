import { createRandom } from "@tsops/core";
import { streamingDrift } from "@tsops/monitor";
import { columnsOf, timesOf } from "./columns.ts";
import type { Process } from "./processes.ts";
import type { Found } from "./windows.ts";

const reference = 4 * 168;
const watched = 20 * 168;

/**
 * How often a stream of hours alarms in 20 weeks of looking at each, after four weeks of reference.
 * @returns Null where the process has no numbers, or no hours.
 */
export function measuredStreams(
  name: string,
  { make, layout }: Process,
  reps: number,
  seed: string,
): Found | null {
  if (layout.step !== "1h" || layout.season === "auto" || layout.season.length !== 1) return null;
  if (layout.reference !== reference || layout.current !== 168) return null;
  const at = timesOf(layout.step, reference + watched);
  let [alarms, refused] = [0, 0];
  const changes = new Map<string, number>();
  for (let repeat = 0; repeat < reps; repeat++) {
    const values = make(createRandom(`${seed}/${name}/stream ${repeat}`), reference + watched);
    if (!(values instanceof Float64Array)) return null;
    let detector: ReturnType<typeof streamingDrift>;
    try {
      detector = streamingDrift(columnsOf(at, values, 0, reference), {
        time: "at",
        column: "y",
        season: layout.season,
      });
    } catch {
      refused++;
      continue;
    }
    for (let row = reference; row < values.length && !detector.alarm; row++)
      detector.update(at[row] as bigint, values[row] as number);
    if (!detector.alarm) continue;
    alarms++;
    const { change } = detector.finding();
    changes.set(change, (changes.get(change) ?? 0) + 1);
  }
  const tested = reps - refused;
  return {
    tested,
    reps,
    alarms: tested === 0 ? 0 : alarms / tested,
    also: Object.fromEntries([...changes].map(([change, count]) => [change, count / tested])),
  };
}

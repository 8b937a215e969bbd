// Used inside a process that is measured: runs the work, and prints what it took as JSON for `interleave` of harness.ts.

const times: Record<string, number[]> = {};
const cpuTimes: Record<string, number[]> = {};

/** Runs work once to warm up and then `repeats` times; keeps the milliseconds on the clock and of all threads' processor time. */
export async function timed(
  name: string,
  repeats: number,
  work: (repeat: number) => unknown,
  { warmUp = true }: { readonly warmUp?: boolean } = {},
): Promise<void> {
  if (warmUp) await work(-1);
  const [clock, cpu]: [number[], number[]] = [[], []];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await work(repeat);
    clock.push(performance.now() - started);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
  }
  times[name] = clock;
  cpuTimes[name] = cpu;
}

/** Prints what was measured in this process, and its peak memory. */
export function report(version = `node ${process.versions.node}`): void {
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ version, peakMb, times, cpuTimes }));
}

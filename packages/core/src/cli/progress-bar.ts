import type { Clock } from "../ports/clock.ts";
import type { Progress, ProgressEvent } from "../progress.ts";
import { systemClock } from "../time/clock.ts";

/** What a progress bar writes to: `process.stderr`, or anything like it. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  /** Takes text to show; the return value is not looked at. */
  write(text: string): unknown;
}

/** How a progress bar shows itself. */
export interface ProgressBarOptions {
  /** Default `process.stderr`, so that results on stdout stay clean. */
  readonly stream?: ProgressStream;
  readonly clock?: Clock;
}

/** A `Progress` to pass to long work. Call `stop` when it is over, also after an error. */
export interface ProgressBar extends Progress {
  /** Ends the line of an unfinished bar. */
  stop(): void;
}

const redrawMicros = 80_000n;
const lineMicros = 10_000_000n;
const barWidth = 24;

/**
 * Shows progress: a bar that redraws itself on a terminal; elsewhere (logs, CI) one line when a task begins and ends and
 * every 10 seconds between.
 */
export function progressBar(options: ProgressBarOptions = {}): ProgressBar {
  const stream = options.stream ?? process.stderr;
  const clock = options.clock ?? systemClock();
  const isTerminal = stream.isTTY === true;
  let task: string | null = null;
  let startedAt = 0n;
  let shownAt = 0n;
  let isLineOpen = false;

  const end = (): void => {
    if (isLineOpen) stream.write("\n");
    isLineOpen = false;
  };
  const report = (event: ProgressEvent): void => {
    const now = clock.now();
    const isNew = event.task !== task;
    const isDone = event.total !== undefined && event.done >= event.total;
    if (isNew) {
      end();
      task = event.task;
      startedAt = now;
    } else if (!isDone && now - shownAt < (isTerminal ? redrawMicros : lineMicros)) return;
    shownAt = now;
    const elapsed = Number(now - startedAt) / 1e6;
    if (isTerminal) {
      stream.write(`\r\x1b[2K${fit(barLine(event, elapsed), stream.columns ?? 80)}`);
      isLineOpen = true;
      if (isDone) end();
    } else stream.write(`${textLine(event, elapsed)}\n`);
    if (isDone) task = null;
  };
  return Object.assign(report, {
    stop() {
      end();
      task = null;
    },
  });
}

function barLine(event: ProgressEvent, elapsed: number): string {
  const { done, total } = event;
  if (total === undefined) return `${event.task} ${count(done)}${figures(event)} ${duration(elapsed)}`;
  const share = total === 0 ? 1 : Math.min(1, Math.max(0, done / total));
  const filled = Math.floor(share * barWidth);
  const bar = "█".repeat(filled) + "░".repeat(barWidth - filled);
  const left = share > 0 && share < 1 ? `, ${duration((elapsed / share) * (1 - share))} left` : "";
  return `${event.task} ${bar} ${percent(share)} ${count(done)}/${count(total)}${figures(event)} ${duration(elapsed)}${left}`;
}

function textLine(event: ProgressEvent, elapsed: number): string {
  const { done, total } = event;
  const of =
    total === undefined ? "" : `/${count(total)} (${percent(total === 0 ? 1 : Math.min(1, done / total))})`;
  // When it begins it has taken no time.
  return `${event.task}: ${count(done)}${of}${figures(event)}${elapsed < 0.05 ? "" : ` after ${duration(elapsed)}`}`;
}

function figures(event: ProgressEvent): string {
  const parts = Object.entries(event.figures ?? {}).map(
    ([name, value]) => `${name} ${typeof value === "number" ? Number(value.toPrecision(4)) : value}`,
  );
  return parts.length === 0 ? "" : ` ${parts.join(", ")}`;
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

function count(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en-US") : String(Number(value.toPrecision(6)));
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}

/** Cut to the terminal's width, as a wrapped line cannot be redrawn. */
function fit(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}

import { describe, expect, it } from "vitest";
import { virtualClock } from "../time/clock.ts";
import { progressBar } from "./progress-bar.ts";

function show(isTTY: boolean, columns = 120) {
  let written = "";
  const stream = {
    isTTY,
    columns,
    write(text: string) {
      written += text;
    },
  };
  const clock = virtualClock(0n);
  return { bar: progressBar({ stream, clock }), clock, text: () => written };
}

describe("a progress bar on a terminal", () => {
  it("redraws one line, at most a dozen times a second, and ends it when done", async () => {
    const { bar, clock, text } = show(true);
    for (let done = 0; done <= 100; done++) {
      bar({ task: "fit", done, total: 100, figures: { mae: 41.23456 } });
      await clock.advanceBy(10_000n);
    }
    const frames = text().split("\r\x1b[2K").slice(1);
    expect(frames.length).toBe(14);
    expect(frames.at(6)).toBe("fit ███████████░░░░░░░░░░░░░ 48 % 48/100 mae 41.23 0.5 s, 0.5 s left");
    expect(frames.at(-1)).toBe("fit ████████████████████████ 100 % 100/100 mae 41.23 1.0 s\n");
  });

  it("begins a new line for a new task and ends an open one when stopped", () => {
    const { bar, text } = show(true);
    bar({ task: "a", done: 1 });
    bar({ task: "b", done: 1200 });
    bar.stop();
    bar.stop();
    expect(text()).toBe("\r\x1b[2Ka 1 0.0 s\n\r\x1b[2Kb 1,200 0.0 s\n");
  });

  it("never grows past the terminal's width", () => {
    const { bar, text } = show(true, 30);
    bar({ task: "a long name of a task", done: 1, total: 2 });
    expect(text().replace("\r\x1b[2K", "").length).toBeLessThan(30);
  });
});

describe("a progress bar elsewhere", () => {
  it("writes plain lines: first, last, and every ten seconds", async () => {
    const { bar, clock, text } = show(false);
    for (let done = 0; done <= 75; done++) {
      bar({ task: "replay", done, total: 75 });
      await clock.advanceBy(1_000_000n);
    }
    bar.stop();
    expect(text().split("\n")).toEqual([
      "replay: 0/75 (0 %)",
      ...[10, 20, 30, 40, 50].map((s) => `replay: ${s}/75 (${Math.floor((s / 75) * 100)} %) after ${s}.0 s`),
      "replay: 60/75 (80 %) after 1 min 00 s",
      "replay: 70/75 (93 %) after 1 min 10 s",
      "replay: 75/75 (100 %) after 1 min 15 s",
      "",
    ]);
  });

  it("shows a task of nothing as done, and one that begins again", () => {
    const { bar, text } = show(false);
    bar({ task: "x", done: 0, total: 0 });
    bar({ task: "x", done: 0, total: 2 });
    expect(text()).toBe("x: 0/0 (100 %)\nx: 0/2 (0 %)\n");
  });
});

import {
  canonicalJson,
  createRandom,
  formatInstant,
  type Guard,
  parseFrequency,
  toMicros,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import type { WindowPerformance } from "../performance/by-window.ts";
import { evaluateRetrain, type RetrainQuestion, type RetrainState } from "./evaluate.ts";
import { type RetrainPolicyOptions, retrainPolicy } from "./policy.ts";
import { lastRetrainAttempt, requestRetrain, retrainAttempts } from "./request.ts";

const zone = "-05:00";
const days = parseFrequency("1d", { zone });
const start = toMicros("2011-07-01T00:00:00", { zone });
const dayOf = (day: number) => days.add(start, day);
const policy = retrainPolicy({
  zone,
  window: 14,
  ratio: 1.15,
  breaches: { k: 5, of: 7 },
  coolDown: "56d",
  holdout: 28,
});

function history(maes: ArrayLike<number>, coverages: ArrayLike<number> = []): WindowPerformance[] {
  return Array.from({ length: maes.length }, (_, day) => {
    const mae = maes[day] as number;
    const coverage = coverages[day] ?? 0.8;
    return {
      start: dayOf(day),
      end: dayOf(day + 1),
      rows: Number.isNaN(mae) ? 0 : 24,
      missing: 0,
      mae,
      rmse: 2 * mae,
      bias: 0,
      mase: mae / 10,
      quantiles: [],
      intervals: [{ level: 80, rows: 24, coverage, width: 1, score: 1 }],
    };
  });
}

function ask({
  day,
  maes,
  ...question
}: Partial<RetrainQuestion> & { readonly day: number; readonly maes: ArrayLike<number> }) {
  return evaluateRetrain({
    policy,
    subject: "bikes",
    history: history(maes),
    state: { champion: { name: "bikes v1", since: start, expectedError: 100 }, lastAttemptAt: null },
    now: dayOf(day),
    requestedBy: "daily",
    ...question,
  });
}

/** The rule as the modelling study wrote it: a loop over midnights with its own memory, transcribed without the library. */
function oracle(
  maes: readonly number[],
  promoteAt: (attempt: number) => boolean,
  p = { w: 14, ratio: 1.15, k: 5, n: 7, coolDown: 56, holdout: 28 },
) {
  let since = 0;
  let expected = 100;
  let last = Number.NEGATIVE_INFINITY;
  let memory: boolean[] = [];
  const attempts: { day: number; since: number; expected: number; promoted: boolean }[] = [];
  for (let i = 0; i < maes.length; i++) {
    if (i - since >= p.w) {
      let sum = 0;
      for (let j = i - p.w; j < i; j++) sum += maes[j] as number;
      memory.push(sum / p.w > p.ratio * expected);
    }
    const recent = memory.slice(-p.n);
    const fires = recent.length === p.n && recent.filter(Boolean).length >= p.k;
    if (!fires || i - last < p.coolDown || i - since < p.holdout) continue;
    const promoted = promoteAt(attempts.length);
    attempts.push({ day: i, since, expected, promoted });
    last = i;
    if (promoted) {
      since = i;
      expected *= 1.1;
      memory = [];
    }
  }
  return attempts;
}

describe("evaluateRetrain", () => {
  it("asks on the same midnights as the rule written down as a loop with memory", () => {
    let total = 0;
    for (let run = 0; run < 30; run++) {
      const random = createRandom(`retrain ${run}`);
      let level = 100;
      const maes = Array.from({ length: 300 }, () => {
        level *= Math.exp(random.normal(0.002, 0.02));
        return level * Math.exp(random.normal(0, 0.25));
      });
      const promote = (attempt: number) => createRandom(`${run}/${attempt}`).uniform() < 0.5;
      const expected = oracle(maes, promote);
      const windows = history(maes);
      let champion = { name: "v1", since: start, expectedError: 100 };
      let lastAttemptAt: bigint | null = null;
      const attempts: typeof expected = [];
      for (let day = 0; day < maes.length; day++) {
        const now = dayOf(day);
        const decision = evaluateRetrain({
          policy,
          subject: "bikes",
          history: windows,
          state: { champion, lastAttemptAt },
          now,
          requestedBy: "daily",
        });
        if (decision.verdict === "no_retrain") continue;
        const promoted = promote(attempts.length);
        attempts.push({
          day,
          since: days.count(start, champion.since),
          expected: champion.expectedError,
          promoted,
        });
        lastAttemptAt = now;
        if (promoted) champion = { name: "next", since: now, expectedError: champion.expectedError * 1.1 };
      }
      expect(attempts).toEqual(expected);
      total += attempts.length;
    }
    expect(total).toBeGreaterThan(40);
  });

  it("needs k of n checks: four breaches of seven are not enough, five are", () => {
    const rising = [...new Array(24).fill(100), ...new Array(30).fill(200)];
    const verdicts = Array.from({ length: 20 }, (_, i) => ask({ day: 24 + i, maes: rising }));
    const first = verdicts.findIndex(({ verdict }) => verdict === "retrain");
    expect(verdicts[first]?.evidence.error.breaches).toBe(5);
    expect(verdicts[first - 1]?.evidence.error.breaches).toBe(4);
    expect(verdicts[first - 1]?.verdict).toBe("no_retrain");
  });

  it("keeps every number of the verdict in the evidence, as JSON", () => {
    const decision = ask({ day: 40, maes: new Array(60).fill(130) });
    expect(decision).toMatchObject({
      kind: "retrain",
      verdict: "retrain",
      subject: "bikes",
      requestedBy: "daily",
    });
    expect(decision.evidence.policy).toEqual(policy);
    expect(decision.evidence.error.threshold).toBeCloseTo(115, 10);
    expect(decision.evidence.error.checks).toHaveLength(7);
    expect(decision.evidence.error.checks.at(-1)).toEqual({
      at: formatInstant(dayOf(40)),
      windows: 14,
      value: 130,
      breach: true,
    });
    expect(JSON.parse(JSON.stringify(decision.evidence))).toEqual(decision.evidence);
    expect(canonicalJson(decision.evidence)).not.toContain("$");
    expect(decision.reason).toBe(
      "Retrain: the mae of the last 14 windows of 1d is 130 where 100 was expected of bikes v1 (1.3 x), and 7 of the last 7 checks are above 1.15 x (5 of 7 needed).",
    );
  });

  it("gives the same id to the same question and another to any other", () => {
    const maes = new Array(60).fill(130);
    expect(ask({ day: 40, maes }).id).toBe(ask({ day: 40, maes }).id);
    expect(ask({ day: 41, maes }).id).not.toBe(ask({ day: 40, maes }).id);
  });

  it("never looks at windows that end after now", () => {
    const maes = Array.from({ length: 60 }, (_, day) => (day < 40 ? 100 : 1e6));
    expect(ask({ day: 40, maes }).evidence).toEqual(ask({ day: 40, maes: maes.slice(0, 40) }).evidence);
  });

  it("waits for the cool-down after any attempt and says until when", () => {
    const maes = new Array(200).fill(130);
    const champion = { name: "bikes v1", since: start, expectedError: 100 };
    const at = (day: number) => ask({ day, maes, state: { champion, lastAttemptAt: dayOf(50) } });
    expect(at(105).verdict).toBe("no_retrain");
    expect(at(105).evidence.waitUntil.coolDown).toBe(formatInstant(dayOf(106)));
    expect(at(105).reason).toContain("cooling down until 2011-10-15");
    expect(at(106).verdict).toBe("retrain");
  });

  it("waits until the champion can be compared on rows it was not fitted on", () => {
    const maes = new Array(60).fill(130);
    expect(ask({ day: 27, maes }).verdict).toBe("no_retrain");
    expect(ask({ day: 27, maes }).evidence.triggers).toEqual(["error"]);
    expect(ask({ day: 28, maes }).verdict).toBe("retrain");
  });

  it("does not judge a check with outcomes in fewer than half of its windows, and says so", () => {
    const maes = Array.from({ length: 60 }, (_, day) => (day < 20 ? 100 : Number.NaN));
    const decision = ask({ day: 40, maes });
    expect(decision.verdict).toBe("no_retrain");
    expect(decision.evidence.error.checks.at(-1)).toMatchObject({ value: null, windows: 0, breach: false });
    expect(decision.reason).toBe("No retraining: only 0 of the last 14 windows of 1d have outcomes.");
  });

  it("answers before the champion has served long enough, and for an empty history", () => {
    expect(ask({ day: 13, maes: new Array(13).fill(1000) }).reason).toBe(
      "No retraining: bikes v1 has not served 14 windows of 1d yet.",
    );
    expect(ask({ day: 100, maes: [] }).verdict).toBe("no_retrain");
  });

  it("asks because of coverage alone", () => {
    const covered = retrainPolicy({ ...policy, coverage: { level: 80, atLeast: 0.7 } });
    const question = { day: 40, maes: [], policy: covered };
    const low = ask({ ...question, history: history(new Array(60).fill(100), new Array(60).fill(0.6)) });
    expect(low.verdict).toBe("retrain");
    expect(low.evidence.triggers).toEqual(["coverage"]);
    expect(low.reason).toContain("the 80 % intervals cover 60 %, at least 70 % is wanted");
    const fine = ask({ ...question, history: history(new Array(60).fill(100), new Array(60).fill(0.75)) });
    expect(fine.verdict).toBe("no_retrain");
  });

  it("asks because of drift in k of n reports of the columns it watches, and because of age", () => {
    const flagged = (column: string) => ({
      columns: [{ column, pValue: 0, adjustedPValue: 0, drift: true, tests: [] }],
    });
    // In any order: the latest are those of the latest times.
    const drift = [30, 36, 33].map((day) => ({
      time: dayOf(day),
      report: flagged(day === 33 ? "wind" : "temp"),
    }));
    const watching = (k: number, columns: readonly string[], of = 3) =>
      ask({
        day: 40,
        maes: new Array(60).fill(100),
        drift,
        policy: retrainPolicy({ ...policy, drift: { k, of, columns } }),
      });
    expect(watching(3, []).evidence.triggers).toEqual(["drift"]);
    expect(watching(2, ["temp"]).verdict).toBe("retrain");
    expect(watching(3, ["temp"]).verdict).toBe("no_retrain");
    expect(watching(1, ["temp"], 1).verdict).toBe("retrain");
    const old = (day: number) =>
      ask({ day, maes: new Array(60).fill(100), policy: retrainPolicy({ ...policy, maxAge: "50d" }) })
        .evidence.triggers;
    expect(old(49)).toEqual([]);
    expect(old(50)).toEqual(["age"]);
  });

  describe("as data", () => {
    const maes = new Array(200).fill(100);
    const champion = { name: "bikes v1", since: start, expectedError: 100 };
    const look = (options: RetrainPolicyOptions, day: number, state: Partial<RetrainState> = {}) =>
      ask({
        day,
        maes,
        policy: retrainPolicy({ ...policy, coolDown: "1d", holdout: 0, ...options }),
        state: { champion, lastAttemptAt: null, ...state },
      });

    it("asks at the times of a calendar, once each", () => {
      const calendar = { cron: "0 0 1 * *" };
      // The champion began on 1 July; the next first of a month is day 31.
      expect(look({ calendar }, 30).evidence.calendar).toEqual({ due: null, fired: false });
      const due = look({ calendar }, 31);
      expect([due.verdict, due.evidence.triggers]).toEqual(["retrain", ["calendar"]]);
      expect(due.evidence.calendar?.due).toBe(formatInstant(dayOf(31)));
      expect(due.reason).toContain("the calendar asked at 2011-08-01T05:00:00Z");
      // A look that comes late still finds it, and one after the attempt does not.
      expect(look({ calendar }, 33).verdict).toBe("retrain");
      expect(look({ calendar }, 33, { lastAttemptAt: dayOf(31) }).verdict).toBe("no_retrain");
      expect(look({ calendar: { every: "1w", delay: "2d" } }, 5).evidence.triggers).toEqual(["calendar"]);
      expect(look({ calendar: { every: "1w", delay: "2d" } }, 4).evidence.triggers).toEqual([]);
    });

    it("asks when enough rows came, and needs to be told how many did", () => {
      const dataVolume = { rows: 1000 };
      expect(look({ dataVolume }, 40, { rowsSinceTraining: 999 }).verdict).toBe("no_retrain");
      const enough = look({ dataVolume }, 40, { rowsSinceTraining: 1000 });
      expect(enough.evidence.triggers).toEqual(["volume"]);
      expect(enough.reason).toContain("1000 rows came since the training of bikes v1 (1000 needed)");
      expect(() => look({ dataVolume }, 40)).toThrow(/rowsSinceTraining undefined/);
    });

    it("stays within the budget, and says when it allows the next attempt", () => {
      const always = { maxAge: "1d" };
      const days = (...list: readonly [number, number | null][]) => ({
        attempts: list.map(([day, seconds]) => ({ at: dayOf(day), seconds })),
      });
      const two = { ...always, budget: { attempts: 2 } };
      expect(look(two, 40, days([20, null], [38, null])).verdict).toBe("retrain");
      const spent = look(two, 40, days([39, null], [34, null], [36, null]));
      expect(spent.verdict).toBe("no_retrain");
      expect(spent.evidence.budget).toEqual({ attempts: 3, seconds: 0 });
      // Of the three, two must be a week old: the second is on day 43.
      expect(spent.evidence.waitUntil.budget).toBe(formatInstant(dayOf(43)));
      expect(spent.reason).toContain("3 of 2 attempts of the budget of 1w are spent until 2011-08-13");
      expect(look(two, 43, days([39, null], [34, null], [36, null])).verdict).toBe("retrain");

      const hour = { ...always, budget: { seconds: 3600, per: "2d" } };
      expect(look(hour, 40, days([39, 3000], [37, 9000])).verdict).toBe("retrain");
      const long = look(hour, 40, days([39, 3000.4], [40, 600]));
      expect(long.evidence.waitUntil.budget).toBe(formatInstant(dayOf(41)));
      expect(long.reason).toContain("3600 of 3600 seconds of the budget of 2d are spent");
      expect(() => look(two, 40)).toThrow(/attempts undefined/);
    });

    it("counts attempts that lie after now, as the cool-down does: the clock was set back", () => {
      const budget = { maxAge: "1d", budget: { attempts: 1 } };
      const state = { lastAttemptAt: dayOf(42), attempts: [{ at: dayOf(42), seconds: null }] };
      const { verdict, evidence } = look({ ...budget, coolDown: "7d" }, 40, state);
      expect(verdict).toBe("no_retrain");
      expect(evidence.waitUntil).toMatchObject({
        coolDown: formatInstant(dayOf(49)),
        budget: formatInstant(dayOf(49)),
      });
      expect(look({ ...budget, coolDown: "7d" }, 49, state).verdict).toBe("retrain");
    });

    it("has no cool-down where it says so, also as JSON", () => {
      const none = JSON.parse('{ "maxAge": "1d", "coolDown": null }') as RetrainPolicyOptions;
      const decision = look(none, 40, { lastAttemptAt: dayOf(40) });
      expect([decision.verdict, decision.evidence.waitUntil.coolDown]).toEqual(["retrain", null]);
      expect(() => retrainPolicy({ coolDown: "0d" })).toThrow(
        expect.objectContaining({ hint: expect.stringContaining("or null for none") }),
      );
    });

    it("names everything that stands in the way, with when it ends", () => {
      const { reason, evidence } = look(
        { maxAge: "1d", coolDown: "7d", holdout: 50, budget: { attempts: 1 } },
        40,
        { lastAttemptAt: dayOf(38), attempts: [{ at: dayOf(38), seconds: null }] },
      );
      expect(evidence.waitUntil).toEqual({
        coolDown: formatInstant(dayOf(45)),
        budget: formatInstant(dayOf(45)),
        holdout: formatInstant(dayOf(50)),
      });
      expect(reason).toMatch(
        /^No retraining yet, the last attempt of .* is cooling down until .*, and 1 of 1 attempts of the budget of 1w are spent until .*, and bikes v1 can be compared on rows it was not fitted on from 2011-08-20/,
      );
    });

    it("says what is trained on which rows", () => {
      const train = (options: RetrainPolicyOptions["train"]) =>
        look({ maxAge: "1d", train: options }, 40).evidence.train;
      expect(train({})).toEqual({ start: null, end: formatInstant(dayOf(40)), models: [] });
      expect(train({ window: "4w", models: ["small"] })).toEqual({
        start: formatInstant(dayOf(12)),
        end: formatInstant(dayOf(40)),
        models: ["small"],
      });
      expect(train({ window: "4w", from: "2011-08-01T00:00-05:00" }).start).toBe(formatInstant(dayOf(31)));
      expect(train({ from: "2011-08-01T00:00-05:00" }).start).toBe(formatInstant(dayOf(31)));
      expect(train({ window: "1w", from: "2011-08-01T00:00-05:00" }).start).toBe(formatInstant(dayOf(33)));
      expect(look({ maxAge: "1d", train: { window: "4w", models: ["small"] } }, 40).reason).toMatch(
        /^Retrain small on the rows since 2011-07-13T05:00:00Z: /,
      );
    });

    it("comes back the same from JSON, with all of it", () => {
      const whole = retrainPolicy({
        calendar: { cron: "0 3 * * 1", zone: "Europe/Berlin" },
        dataVolume: { rows: 5000 },
        train: { window: "52w", models: ["boosted", "ets"] },
        budget: { attempts: 2, seconds: 7200 },
        gate: { alpha: 0.1, guards: [{ kind: "coverage", level: 80, withinPoints: 10 }] },
        coverage: { level: 80, atLeast: 0.7 },
        drift: { k: 2, of: 3, columns: [] },
      });
      expect(retrainPolicy(JSON.parse(JSON.stringify(whole)))).toEqual(whole);
      expect(retrainPolicy(whole)).toEqual(whole);
    });

    it("lists the attempts of the policy, oldest first, without those of people", () => {
      const asked = look({ maxAge: "1d" }, 40);
      const earlier = look({ maxAge: "1d" }, 20);
      const request = requestRetrain({
        subject: "bikes",
        why: "A drill.",
        now: dayOf(41),
        requestedBy: "Ada",
      });
      const decisions = [asked, earlier, request, look({}, 39)];
      expect(retrainAttempts(decisions, "bikes", () => 60)).toEqual([
        { at: dayOf(20), seconds: 60 },
        { at: dayOf(40), seconds: 60 },
      ]);
      expect(retrainAttempts(decisions, "trams")).toEqual([]);
    });

    it.each<[string, RetrainPolicyOptions, RegExp]>([
      ["a budget that limits nothing", { budget: {} }, /limits nothing/],
      ["half an attempt", { budget: { attempts: 0.5 } }, /budget.attempts is 0.5/],
      ["a volume of none", { dataVolume: { rows: 0 } }, /dataVolume.rows is 0/],
      ["a window in words", { train: { window: "a year" } }, /train.window is the text "a year"/],
      ["a first row without zone", { train: { from: "2011-08-01T00:00" } }, /2011-08-01T00:00/],
      ["a calendar that is none", { calendar: { cron: "every day" } }, /not a cron pattern/],
      ["an alpha of 2", { gate: { alpha: 2 } }, /gate.alpha is 2/],
    ])("refuses %s", (_, options, message) => {
      expect(() => retrainPolicy(options)).toThrow(message);
    });
  });

  it("counts days of the cool-down on the zone's calendar, also where clocks change", () => {
    const berlin = retrainPolicy({ zone: "Europe/Berlin", coolDown: "56d", maxAge: "1d" });
    const midnight = (text: string) => toMicros(text, { zone: "Europe/Berlin" });
    const at = (now: bigint) =>
      evaluateRetrain({
        policy: berlin,
        subject: "s",
        history: [],
        state: {
          champion: { name: "v1", since: midnight("2024-01-01T00:00:00"), expectedError: 1 },
          lastAttemptAt: midnight("2024-03-01T00:00:00"),
        },
        now,
        requestedBy: "test",
      }).verdict;
    expect(at(midnight("2024-04-26T00:00:00") - 1n)).toBe("no_retrain");
    expect(at(midnight("2024-04-26T00:00:00"))).toBe("retrain");
  });

  it("refuses a history that is not cut as the policy says, and an expected error that is no number", () => {
    const [window] = history([100]) as [WindowPerformance];
    const asked = (windows: WindowPerformance[]) => () => ask({ day: 40, maes: [], history: windows });
    expect(asked([{ ...window, end: window.end + 1n }])).toThrow(/is not a 1d of zone -05:00/);
    expect(asked([window, window])).toThrow(/two entries/);
    expect(() =>
      ask({
        day: 40,
        maes: [],
        state: { champion: { name: "v1", since: start, expectedError: Number.NaN }, lastAttemptAt: null },
      }),
    ).toThrow(/expected error of v1 is NaN/);
  });

  it("refuses a policy whose figure no window has: it would never ask, and blame outcomes that are there", () => {
    const windows = history(new Array(60).fill(130));
    const unscaled = windows.map((window) => ({ ...window, mase: Number.NaN }));
    const mase = { day: 40, maes: [], policy: retrainPolicy({ ...policy, metric: "mase" }) };
    expect(() => ask({ ...mase, history: unscaled })).toThrow(
      /watches the mase, which is NaN in all 40 windows/,
    );
    const state = { champion: { name: "bikes v1", since: start, expectedError: 10 }, lastAttemptAt: null };
    expect(ask({ ...mase, history: windows, state }).verdict).toBe("retrain");
    // A scale that comes late is told, and nothing is refused.
    expect(ask({ ...mase, history: [...unscaled.slice(0, 38), ...windows.slice(38)] }).reason).toBe(
      "No retraining: only 2 of the last 14 windows of 1d have a mase.",
    );

    const coverage = retrainPolicy({ ...policy, coverage: { level: 95, atLeast: 0.9 } });
    expect(() => ask({ day: 40, maes: [], policy: coverage, history: windows })).toThrow(
      /coverage at 95 %, and none of the 40 windows with outcomes has intervals of that level/,
    );
    expect(ask({ day: 3, maes: [], policy: coverage, history: windows }).verdict).toBe("no_retrain");
  });

  it("refuses a policy that watches the drift of a column which no report knows", () => {
    const report = {
      columns: [{ column: "temp", pValue: 0, adjustedPValue: 0, drift: true, tests: [] }],
      untested: [{ column: "wind", reason: "The column is constant." }],
    };
    const watching = (...columns: string[]) =>
      ask({
        day: 40,
        maes: new Array(60).fill(100),
        drift: [{ time: dayOf(30), report }],
        policy: retrainPolicy({ ...policy, drift: { k: 1, of: 1, columns } }),
      });
    expect(() => watching("temp", "tmep")).toThrow(
      expect.objectContaining({
        code: "MONITOR_INVALID",
        message: 'The policy watches the drift of "tmep", which the report does not know.',
        hint: "They have temp and wind.",
      }),
    );
    expect(watching("temp").verdict).toBe("retrain");
    expect(watching("wind").verdict).toBe("no_retrain");
  });

  it("says that k of n checks wait for the n-th", () => {
    const maes = new Array(60).fill(130);
    expect(ask({ day: 19, maes }).reason).toContain(
      "6 of the last 6 checks are above 1.15 x (5 of 7 needed; only 6 could be made so far)",
    );
    expect(ask({ day: 19, maes }).verdict).toBe("no_retrain");
    expect(ask({ day: 20, maes }).evidence.triggers).toEqual(["error"]);
  });
});

describe("retrainPolicy", () => {
  it("fills in the defaults and refuses what cannot be", () => {
    expect(retrainPolicy()).toMatchObject({
      metric: "mae",
      window: 14,
      ratio: 1.15,
      breaches: { k: 5, of: 7 },
    });
    for (const wrong of [
      { window: 0 },
      { window: 1.5 },
      { ratio: 0 },
      { ratio: Number.NaN },
      { breaches: { k: 8, of: 7 } },
      { breaches: { k: 0, of: 7 } },
      { coolDown: "56 days" },
      { zone: "Mars" },
      { coverage: { level: 80, atLeast: 80 } },
      { drift: { k: 2, of: 1, columns: [] } },
      { holdout: -1 },
      { gate: { guards: [{ kind: "coverag", level: 80, withinPoints: 5 } as unknown as Guard] } },
    ])
      expect(() => retrainPolicy(wrong), JSON.stringify(wrong)).toThrow();
  });
});

describe("lastRetrainAttempt", () => {
  it("is the policy's latest attempt on the subject; requests by people do not count", () => {
    const attempt = ask({ day: 40, maes: new Array(60).fill(130) });
    const request = requestRetrain({ subject: "bikes", why: "Sandy.", now: dayOf(50), requestedBy: "anna" });
    const none = ask({ day: 60, maes: new Array(60).fill(90) });
    expect(lastRetrainAttempt([attempt, request, none], "bikes")).toBe(dayOf(40));
    expect(lastRetrainAttempt([attempt], "other")).toBeNull();
  });
});

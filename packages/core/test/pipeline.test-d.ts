import { pipeline, runPipeline, type StepContext } from "@tsops/core";
import { expectTypeOf, it } from "vitest";

const daily = pipeline("daily")
  .step("ingest", async ({ interval, results }) => {
    expectTypeOf(interval.start).toEqualTypeOf<bigint>();
    expectTypeOf<keyof typeof results>().toEqualTypeOf<never>();
    return {
      rows: 24,
      at: new Date(0),
      big: 1n,
      values: new Float64Array(2),
      note: undefined as string | undefined,
    };
  })
  .step("train", ({ results }) => {
    expectTypeOf(results.ingest.rows).toEqualTypeOf<number>();
    expectTypeOf(results.ingest.at).toEqualTypeOf<Date>();
    expectTypeOf(results.ingest.big).toEqualTypeOf<bigint>();
    // @ts-expect-error a later step's result is not there yet
    results.report;
    return results.ingest.rows > 3 ? "good" : null;
  })
  .step("report", async () => {});

it("results flow between steps by name and type", () => {
  type Results = Awaited<ReturnType<typeof run>>["results"];
  const run = () => runPipeline(daily, {} as never);
  expectTypeOf<Results["ingest"]["values"]>().toEqualTypeOf<Float64Array<ArrayBuffer>>();
  expectTypeOf<Results["train"]>().toEqualTypeOf<"good" | null>();
  expectTypeOf<Results["report"]>().toEqualTypeOf<null>();
});

it("a step may be a function of its own that asks for what it needs", () => {
  async function score({
    results,
    signal,
  }: StepContext<{ readonly ingest: { readonly rows: number } }>): Promise<number> {
    signal.throwIfAborted();
    return results.ingest.rows;
  }
  daily.step("score", score);
  // @ts-expect-error there is no "ingest" before it
  pipeline("other").step("score", score);
});

it("what cannot be recorded does not compile", () => {
  // @ts-expect-error a function in the result
  pipeline("p").step("bad", () => ({ rows: 1, close: () => {} }));
  // @ts-expect-error a Map
  pipeline("p").step("bad", async () => new Map([["a", 1]]));
  // @ts-expect-error a class with methods, deep inside
  pipeline("p").step("bad", async () => ({ list: [{ url: new URL("http://localhost") }] }));
  pipeline("p").step("fine", async (): Promise<unknown> => 1);
});

it("a chain of twenty steps is checked", () => {
  const long = pipeline("long")
    .step("a1", () => 1)
    .step("a2", () => 1)
    .step("a3", () => 1)
    .step("a4", () => 1)
    .step("a5", () => 1)
    .step("a6", () => 1)
    .step("a7", () => 1)
    .step("a8", () => 1)
    .step("a9", () => 1)
    .step("a10", () => 1)
    .step("a11", () => 1)
    .step("a12", () => 1)
    .step("a13", () => 1)
    .step("a14", () => 1)
    .step("a15", () => 1)
    .step("a16", () => 1)
    .step("a17", () => 1)
    .step("a18", () => 1)
    .step("a19", () => 1)
    .step("a20", ({ results }) => results.a1 + results.a19);
  // @ts-expect-error no such step
  long.step("x", ({ results }) => results.a21);
});

it("a step announces what it declared, and hooks see results by type", () => {
  pipeline("p")
    .step(
      "promote",
      ({ announce }) => {
        announce("tsops://models/load", { version: 3 });
        // @ts-expect-error not declared
        announce("tsops://models/laod");
        // @ts-expect-error a bigint is not JSON
        announce("tsops://models/load", { at: 1n });
        return { version: 3 };
      },
      { announces: ["tsops://models/load"] },
    )
    .step("quiet", ({ announce }) => {
      // @ts-expect-error nothing was declared
      announce("tsops://models/load");
    })
    .onSuccess(({ results }) => {
      expectTypeOf(results.promote.version).toEqualTypeOf<number>();
      // @ts-expect-error there is no such step
      results.train;
    })
    .onFailure(({ results, failure }) => {
      expectTypeOf(results.promote?.version).toEqualTypeOf<number | undefined>();
      expectTypeOf(failure.step).toEqualTypeOf<string | null>();
    });
});

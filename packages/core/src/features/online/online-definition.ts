import { TsopsError } from "../../errors.ts";
import { definitionHash } from "../../hash.ts";
import type { ColumnType, ColumnTypes } from "../../schema/column-type.ts";
import type { Table } from "../../schema/table.ts";
import { type AsOfPlan, type KnownAt, planAsOfJoin, planView, type ViewPlan } from "../as-of/plan.ts";
import type { FeatureView } from "../feature-view.ts";

/** What views ask of the tables they read, worked out once. */
export class OnlineDefinition {
  readonly views: readonly FeatureView[];
  readonly tables: readonly Table[];
  readonly #byName: ReadonlyMap<string, Table>;
  readonly #plans = new WeakMap<ColumnTypes, Map<string, AsOfPlan>>();
  #hash: string | null = null;

  /** @throws TsopsError FEATURE_INVALID when two views read tables of one name that differ */
  constructor(views: readonly FeatureView[]) {
    this.views = views;
    this.tables = distinctTables(views);
    this.#byName = new Map(this.tables.map((table) => [table.name, table]));
  }

  /** Equal for equal views in the same order. */
  get hash(): string {
    this.#hash ??= definitionHash(this.views);
    return this.#hash;
  }

  /** Table that each view reads, by view. */
  get viewTables(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.views.map(({ name, table }) => [name, table.name]));
  }

  /** @throws TsopsError STORE_NOT_FOUND when no view reads it */
  table(name: string): Table {
    const found = this.#byName.get(name);
    if (found !== undefined) return found;
    throw new TsopsError("STORE_NOT_FOUND", `No view reads a table "${name}".`, {
      hint: `The views read ${[...this.#byName.keys()].join(", ")}.`,
      details: { table: name },
    });
  }

  /** The columns of a table that have to be kept: keys, event time, available at and what features read. */
  keptTypes({ name, keys, eventTime, availableAt, columns }: Table): ColumnTypes {
    const features = this.views
      .filter((view) => view.table.name === name)
      .flatMap((view) => Object.values(view.features).map((feature) => feature.column));
    const needed = new Set([
      ...keys,
      eventTime,
      ...(availableAt === undefined ? [] : [availableAt]),
      ...features,
    ]);
    return Object.fromEntries([...needed].map((column) => [column, columns[column] as ColumnType]));
  }

  /** The views of a table, before they meet a spine. */
  viewPlans(table: string): readonly ViewPlan[] {
    return this.views.filter((view) => view.table.name === table).map((view) => planView(view));
  }

  /** @throws TsopsError as `planAsOfJoin` */
  plan(
    spineTypes: ColumnTypes,
    { time, knownAt }: { readonly time: string; readonly knownAt?: KnownAt },
  ): AsOfPlan {
    const plan = (): AsOfPlan => planAsOfJoin({ spineTypes, time, views: this.views, knownAt });
    // Instants may be different objects at every call: only plans with named columns are worth keeping.
    const named =
      knownAt === undefined || knownAt === "spine" || knownAt === "ignore"
        ? (knownAt ?? "spine")
        : typeof knownAt === "object" && "column" in knownAt
          ? `column ${knownAt.column}`
          : null;
    if (named === null) return plan();
    const byName = this.#plans.get(spineTypes) ?? new Map<string, AsOfPlan>();
    this.#plans.set(spineTypes, byName);
    const found = byName.get(`${time} ${named}`) ?? plan();
    byName.set(`${time} ${named}`, found);
    return found;
  }
}

function distinctTables(views: readonly FeatureView[]): readonly Table[] {
  const byName = new Map<string, Table>();
  for (const { name, table } of views) {
    const known = byName.get(table.name);
    if (known !== undefined && known !== table && definitionHash(known) !== definitionHash(table))
      throw new TsopsError(
        "FEATURE_INVALID",
        `View "${name}" reads another definition of table "${table.name}".`,
        {
          hint: "Define each table once and share the definition.",
          details: { view: name, table: table.name },
        },
      );
    byName.set(table.name, table);
  }
  return [...byName.values()];
}

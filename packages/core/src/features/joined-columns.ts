import { TsopsError } from "../errors.ts";
import type { ColumnType, ColumnTypes, RowOf } from "../schema/column-type.ts";
import { featureColumn, featureStatusColumn, featureTimeColumn } from "./feature-names.ts";
import type { FeatureView } from "./feature-view.ts";

/** The columns that one view adds to the spine. */
type ViewColumns<V> = V extends { readonly name: infer Name extends string; readonly features: infer F }
  ? {
      readonly [K in keyof F & string as `${Name}__${K}`]: F[K] extends {
        readonly type: infer C extends ColumnType;
      }
        ? C
        : never;
    } & { readonly [K in `${Name}__feature_time`]: ColumnType<"timestamp", true> } & {
      readonly [K in `${Name}__feature_status`]: ColumnType<"utf8", false>;
    }
  : never;

type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void
  ? I
  : never;
type Simplify<T> = { [K in keyof T]: T[K] } & {};

/**
 * Column types of a spine joined with views: the spine's own, then for each view `view__feature` (always nullable),
 * `view__feature_time` (event time of the row that was used) and `view__feature_status`.
 */
export type JoinedColumns<Spine extends ColumnTypes, Views extends readonly FeatureView[]> = Simplify<
  Spine & UnionToIntersection<ViewColumns<Views[number]>>
>;

/** Row object of an as-of join of a spine with views. */
export type JoinedRow<Spine extends ColumnTypes, Views extends readonly FeatureView[]> = RowOf<
  JoinedColumns<Spine, Views>
>;

type SpineKey<V extends FeatureView, K> = V extends { readonly keyMap?: infer M | undefined }
  ? K extends keyof M
    ? M[K]
    : K
  : K;

type Kind<C> = C extends ColumnType<infer Found> ? Found : never;

type KeyProblem<Spine extends ColumnTypes, V extends FeatureView, K> = K extends keyof V["table"]["columns"] &
  string
  ? SpineKey<V, K> extends infer Name extends string
    ? string extends Name
      ? never
      : Name extends keyof Spine
        ? Kind<Spine[Name]> extends Kind<V["table"]["columns"][K]>
          ? never
          : `View "${V["name"]}" needs spine column "${Name}" as ${Kind<V["table"]["columns"][K]>}, not ${Kind<Spine[Name]>}.`
        : `View "${V["name"]}" needs a spine column "${Name}": rename it, or map the key with keyMap.`
    : never
  : never;

/** The view itself when its keys are in the spine with the same types; else a sentence that says what is wrong. */
type CheckedView<Spine extends ColumnTypes, V> = V extends FeatureView
  ? [KeyProblem<Spine, V, V["table"]["keys"][number]>] extends [never]
    ? V
    : KeyProblem<Spine, V, V["table"]["keys"][number]>
  : V;

/** Views whose keys fit a spine, or sentences in the place of those that do not. */
export type CheckedViews<
  Spine extends ColumnTypes,
  Views extends readonly FeatureView[],
> = string extends keyof Spine ? Views : { readonly [I in keyof Views]: CheckedView<Spine, Views[I]> };

/**
 * The joined column types, spine first, then view by view.
 * @throws TsopsError FEATURE_NAME_CLASH when two columns would have one name.
 */
export function joinedTypes(spine: ColumnTypes, views: readonly FeatureView[]): ColumnTypes {
  const result: Record<string, ColumnType> = { ...spine };
  const owners = new Map(Object.keys(spine).map((name) => [name, "the spine"]));
  const add = (name: string, type: ColumnType, owner: string): void => {
    const other = owners.get(name);
    if (other !== undefined)
      throw new TsopsError("FEATURE_NAME_CLASH", `Both ${other} and ${owner} have a column "${name}".`, {
        hint: "Rename a view, a feature or a spine column, so that every joined column has a name of its own.",
        details: { column: name },
      });
    owners.set(name, owner);
    result[name] = type;
  };
  for (const view of views) {
    const owner = `view "${view.name}"`;
    for (const [feature, { type }] of Object.entries(view.features))
      add(featureColumn(view.name, feature), type, owner);
    add(featureTimeColumn(view.name), { kind: "timestamp", nullable: true }, owner);
    add(featureStatusColumn(view.name), { kind: "utf8", nullable: false }, owner);
  }
  return result;
}

export { type FromArrowOptions, fromArrow } from "./from-arrow.ts";
export { type ArrowTypes, arrowSchema, columnTypesOf, tableOf } from "./schema.ts";
export { toArrow } from "./to-arrow.ts";

// What TSOPS_FEATURES names in the tests.
import { recent, sky } from "../../packages/serve/test/tables.ts";

export const views = [sky, recent];
export const knownAt = "known_at";
export const lookBack = "30d";

// Forecasters of augurs, a library in Rust that comes as WebAssembly.

export { type AugursEts, type AugursEtsOptions, augursEts } from "./augurs-ets.ts";
export type { AugursForecaster } from "./augurs-forecaster.ts";
export { type AugursMstl, type AugursMstlOptions, augursMstl } from "./augurs-mstl.ts";
export {
  type AugursProphet,
  type AugursProphetOptions,
  type AugursSeasonality,
  augursProphet,
} from "./augurs-prophet.ts";

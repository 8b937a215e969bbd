import { configureGlobal } from "fast-check";

// In CI properties are tried on the same examples each time, so that a change is judged by itself; elsewhere on new ones.
const { CI: isContinuousIntegration } = process.env;
if (isContinuousIntegration === "true") configureGlobal({ seed: 20_261_128 });

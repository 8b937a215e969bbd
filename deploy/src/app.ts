// A deployed model over HTTP. Settings come from the environment (deploy/.env.example); SIGTERM and SIGINT end it when what it has begun
// is answered.
import { readSettings } from "./settings.ts";
import { startApp } from "./start.ts";

const app = await startApp(readSettings(process.env));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void app.close());

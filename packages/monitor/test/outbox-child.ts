// Delivers what a home's outbox holds to a webhook, until it is killed. Its clock is ahead, so that leases of the killed ones are over.
import { systemClock } from "@tsops/core";
import { openHome } from "@tsops/store";
import { deliverAlerts, webhookChannel } from "../src/index.ts";

const [path = "", url = "", ahead = "0"] = process.argv.slice(2);
const real = systemClock();
await using home = await openHome(path);
const done = await deliverAlerts({
  outbox: home.outbox,
  channels: [webhookChannel({ url, secret: null })],
  clock: { now: () => real.now() + BigInt(ahead) },
});
console.log(JSON.stringify(done));

// Sends a file to the MLflow server at the URL given and reads it back; prints by how much the process grew.
import { createHash } from "node:crypto";
import { mlflowTracker } from "@tsops/store/mlflow";

const mebibyte = 1024 * 1024;
const tracker = mlflowTracker({ url: process.argv[2] as string });
const run = await tracker.startRun({ experiment: "big" });
await run.logArtifact("small.bin", new Uint8Array(mebibyte));
const before = process.resourceUsage().maxRSS;
const sent = await run.logArtifact("big.bin", async function* () {
  for (let i = 0; i < 400; i++) yield new Uint8Array(mebibyte).fill(i);
});
const hash = createHash("sha256");
let bytes = 0;
for await (const piece of tracker.streamArtifact(run.runId, "big.bin")) {
  bytes += piece.length;
  hash.update(piece);
}
await tracker.close();
const grownMiB = (process.resourceUsage().maxRSS - before) / 1024;
console.log(JSON.stringify({ bytes, isSame: hash.digest("hex") === sent, grownMiB }));

// Predicts for ever and prints the id of every answered prediction, until it is killed.
import { openHome } from "@tsops/store";
import { deploy } from "../src/index.ts";

const home = await openHome(process.argv[2] as string);
const deployment = await deploy("demand", {
  registry: home.registry,
  log: home.predictions,
  targetTable: "demand",
});
for (;;) {
  const answers = await Promise.all([deployment.predict(), deployment.predict(), deployment.predict()]);
  process.stdout.write(`${answers.flatMap((answer) => answer.predictionIds).join("\n")}\n`);
}

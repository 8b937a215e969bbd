import type { Reporter, TestCase, TestModule } from "vitest/node";

/** Says which tests were running when the run is ended from outside: a loop without an end is else seen as silence only. */
export default class RunningTests implements Reporter {
  readonly #running = new Map<string, string>();

  onInit(): void {
    process.once("SIGTERM", () => {
      for (const [file, test] of this.#running) process.stderr.write(`STILL RUNNING: ${file}: ${test}\n`);
      process.exit(1);
    });
  }

  onTestModuleStart(module: TestModule): void {
    this.#running.set(module.moduleId, "no test yet");
  }

  onTestCaseReady(test: TestCase): void {
    this.#running.set(test.module.moduleId, test.fullName);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#running.delete(module.moduleId);
  }
}

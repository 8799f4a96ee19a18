import type { Reporter, TestModule } from "vitest/node";

/** Prints the count of all projects' tests as the run's last line; errors outside tests count as failures. */
export class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    for (const module of modules) {
      let failedInModule = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        if (state === "failed") failedInModule += 1;
      }
      // A module that did not load, or whose hooks failed, has no failed test of its own.
      failed += failedInModule === 0 && module.state() === "failed" ? 1 : failedInModule;
    }
    process.once("exit", () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
  }
}

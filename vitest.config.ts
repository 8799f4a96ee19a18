import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./test/support/summary-reporter.js";

// graphql 16 has two entries: Vite would take the ES module and Node the CommonJS one, and the two do not know each
// other's classes.
const resolve = { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] };

const common = { testTimeout: 30_000, hookTimeout: 60_000, pool: "forks" as const };

const rooms = "schema,foundation,subgraphs,authorization-server,gateway,scripts,support,tidy";

export default defineConfig({
  resolve,
  test: {
    ...common,
    maxWorkers: 2,
    // Here and not in the projects: once for the whole run.
    globalSetup: ["test/support/global-setup.ts"],
    reporters: ["default", new SummaryReporter()],
    projects: [
      {
        resolve,
        test: { ...common, name: "unit", include: [`test/{${rooms}}/**/*.test.ts`, "test/*.test.ts"] },
      },
      ...["contract", "journey", "attack", "conformance", "property", "differential"].map((name) => ({
        resolve,
        test: { ...common, name, include: [`test/${name}/**/*.test.ts`] },
      })),
    ],
  },
});

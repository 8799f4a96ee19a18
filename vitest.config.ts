import { defineConfig } from "vitest/config";
import { SummaryReporter } from "./test/support/summary-reporter.js";

// graphql 16 has two entries: Vite would take the ES module and Node the CommonJS one, and the two do not know each
// other's classes.
const resolve = { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] };

const common = { testTimeout: 30_000, hookTimeout: 60_000, pool: "forks" as const };

/** Attacks on feeds, the issuer, a subgraph, the raw connection, or a part by itself. */
const NO_OPERATIONS = [
  "abstract-types",
  "cost-bypass",
  "direct-entities",
  "ended-at-the-issuer",
  "feed-forgery",
  "graphql-cop",
  "issuer-clients",
  "issuer-requests",
  "slow-clients",
];

const rooms = "schema,foundation,subgraphs,authorization-server,gateway,scripts,support,tidy,bench";

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
      {
        resolve,
        test: {
          ...common,
          // The same attacks by the other door, but for those that ask no operation of a gateway, and their twins.
          name: "attack-lean",
          include: ["test/attack/*.test.ts"],
          exclude: NO_OPERATIONS.map((name) => `test/attack/${name}.test.ts`),
          env: { XINQIAO_TEST_DOOR: "lean" },
        },
      },
    ],
  },
});

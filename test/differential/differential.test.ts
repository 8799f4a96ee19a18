import fc from "fast-check";
import { parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLANNER_KINDS } from "../../gateway/plan/load-planner.js";
import { compareAnswers } from "./compare-answers.js";
import { drawOperation } from "./draw-operation.js";
import { type Engines, startScenario } from "./engines.js";
import { ABSTRACT_SCENARIOS } from "./scenarios/abstract.js";
import { FAULT_SCENARIOS } from "./scenarios/faults.js";
import { FIELD_SCENARIOS } from "./scenarios/fields.js";
import { KEY_SCENARIOS } from "./scenarios/keys.js";

const SCENARIOS = [...KEY_SCENARIOS, ...FIELD_SCENARIOS, ...ABSTRACT_SCENARIOS, ...FAULT_SCENARIOS];
const OPERATIONS = Number(process.env["DIFFERENTIAL_OPERATIONS"] ?? 30);
/** The same in every run: the planners have faults of their own, and a new seed looks for them, not for ours. */
const seed = Number(process.env["DIFFERENTIAL_SEED"] ?? 20_261_124);
/** What the native planner says of a valid operation that it cannot plan (`docs/engine-differences.md`). */
const UNPLANNED = /^Failed to plan query/;
const tapes = fc.array(fc.nat({ max: 9_999 }), { minLength: 4, maxLength: 90, size: "max" });

describe.each(PLANNER_KINDS)("beside @apollo/gateway, the engine with the %s planner", (planner) => {
  describe.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    "over %s",
    (_name, scenario) => {
      let engines: Engines;
      beforeAll(async () => {
        engines = await startScenario(scenario, planner);
      });
      afterAll(async () => engines.close());

      it(`gives the same data and errors for random operations (seed ${seed})`, async () => {
        const kind = engines.apiSchema.getMutationType() == null ? "query" : "mutation";
        let compared = 0;
        let unplanned = 0;
        const isConditional = scenario.isUnconditional !== true;
        await fc.assert(
          fc.asyncProperty(tapes, fc.boolean(), async (tape, isAliased) => {
            const drawn = drawOperation(tape, { schema: engines.apiSchema, kind, isAliased, isConditional });
            if (validate(engines.apiSchema, parse(drawn.query)).length > 0) return;
            const ours = await engines.ours(drawn.query, drawn.variables).catch((error: Error) => {
              if (!UNPLANNED.test(error.message)) throw error;
              unplanned += 1;
            });
            if (ours === undefined) return;
            const apollo = await engines.apollo(drawn.query, drawn.variables);
            compared += 1;
            const told = JSON.stringify({ ...drawn, ours, apollo }, null, 1);
            expect(compareAnswers(ours, apollo), told).toEqual([]);
          }),
          { seed, numRuns: OPERATIONS, interruptAfterTimeLimit: 60_000 },
        );
        // A scenario whose operations are hardly ever valid would prove nothing.
        expect(compared).toBeGreaterThan(OPERATIONS / 2);
        expect(unplanned).toBeLessThanOrEqual(OPERATIONS / 15);
      }, 120_000);
    },
  );
});

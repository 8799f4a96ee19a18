import { describe, expect, it } from "vitest";
import { type Answer, startScenario } from "./engines.js";
import { FAULT_SCENARIOS } from "./scenarios/faults.js";
import { FIELD_SCENARIOS } from "./scenarios/fields.js";

/** Each shows one row of `docs/engine-differences.md`: what we answer, and that Apollo still answers otherwise. */
async function both(name: string, query: string): Promise<readonly [ours: Answer, apollo: Answer]> {
  const scenario = [...FIELD_SCENARIOS, ...FAULT_SCENARIOS].find((one) => one.name.startsWith(name));
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const engines = await startScenario(scenario, "native");
  const answers = [await engines.ours(query, {}), await engines.apollo(query, {})] as const;
  await engines.close();
  return answers;
}

describe("where the engine and @apollo/gateway differ", () => {
  it("1: a null where none may be is an error, not a remark", async () => {
    const [ours, apollo] = await both("entities that are not found", "{ rows { sure } }");
    expect(ours.data).toEqual({ rows: [{ sure: 1 }, null] });
    expect(ours.errors?.map(({ path }) => path)).toEqual([["rows", 1, "sure"]]);
    expect(apollo.data).toEqual(ours.data);
    expect(apollo.errors).toBeUndefined();
  });

  it("2: a subgraph that cannot be asked is an error at each field", async () => {
    const [ours, apollo] = await both("a subgraph that cannot", "{ rows { name far } }");
    expect(ours.errors?.map(({ path }) => path)).toEqual([
      ["rows", 0, "far"],
      ["rows", 2, "far"],
    ]);
    expect(apollo.data).toEqual(ours.data);
    expect(apollo.errors?.map(({ path }) => path)).toEqual([undefined]);
  });

  it("5: mutation fields run in the order of the document", async () => {
    const query =
      "mutation { a: pay(amount: 2) { balance } ... M } fragment M on Mutation { b: pay(amount: 2) { id } }";
    const [ours, apollo] = await both("mutations", query);
    expect(ours.data?.a).toEqual({ balance: 2 });
    expect(apollo.data?.a).toEqual({ balance: 4 });
  });
});

import { buildSchema, parse } from "graphql";
import { describe, expect, it } from "vitest";
import type { Plan } from "../../../gateway/graph/plan.js";
import { createPlanning, PLANNING_LIMITS } from "../../../gateway/plan/planning.js";
import type { Planner } from "../../../gateway/plan/planner.js";

const DOCUMENT = parse("{ a }");

/** A planner whose plans are made when the test says so. */
function slowPlanner(): Planner & { readonly asked: (() => void)[]; readonly made: () => number } {
  const asked: (() => void)[] = [];
  let made = 0;
  return {
    apiSchema: buildSchema("type Query { a: Int }"),
    asked,
    made: () => made,
    plan: () =>
      new Promise<Plan>((resolve) => {
        asked.push(() => {
          made += 1;
          resolve({ root: undefined });
        });
      }),
  };
}

function request(key: string, operationName?: string) {
  return { document: DOCUMENT, operationName, key };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("planning", () => {
  it("makes a plan once for all who ask for it at once and afterwards", async () => {
    const planner = slowPlanner();
    const planning = createPlanning(planner, PLANNING_LIMITS);
    const both = [planning.plan(request("a")), planning.plan(request("a"))];
    await turn();
    expect(planner.asked).toHaveLength(1);
    planner.asked[0]?.();
    const [first, second] = await Promise.all(both);
    expect(first).toBe(second);
    expect(await planning.plan(request("a"))).toBe(first);
    expect(planner.made()).toBe(1);
    expect(planning.cached.plans).toBe(1);
  });

  it("tells operations of one text apart by name", async () => {
    const planner = slowPlanner();
    const planning = createPlanning(planner, PLANNING_LIMITS);
    const both = [planning.plan(request("a", "One")), planning.plan(request("a", "Two"))];
    await turn();
    for (const make of planner.asked) make();
    await Promise.all(both);
    expect(planner.made()).toBe(2);
  });

  it("plans so many at a time, lets so many wait, and turns the next away at once", async () => {
    const planner = slowPlanner();
    const planning = createPlanning(planner, { ...PLANNING_LIMITS, concurrencyMax: 2, waitingMax: 3 });
    const accepted = Array.from({ length: 5 }, (_, i) => planning.plan(request(`k${i}`)));
    await turn();
    expect(planner.asked).toHaveLength(2);
    await expect(planning.plan(request("one too many"))).rejects.toMatchObject({
      code: "SERVICE_UNAVAILABLE",
    });
    // Whoever asks for what is being planned already takes no place.
    const joined = planning.plan(request("k0"));
    for (let made = 0; made < 5; made += 1) {
      planner.asked[made]?.();
      await turn();
    }
    expect(await Promise.all([...accepted, joined])).toHaveLength(6);
  });

  it("lets nobody wait longer than allowed, and keeps the plan that came late", async () => {
    const planner = slowPlanner();
    const planning = createPlanning(planner, { ...PLANNING_LIMITS, timeoutMs: 20 });
    await expect(planning.plan(request("a"))).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    planner.asked[0]?.();
    await turn();
    expect(await planning.plan(request("a"))).toEqual({ root: undefined });
    expect(planner.made()).toBe(1);
  });

  it("keeps no more plans, and no more bytes, than allowed", async () => {
    const planner = slowPlanner();
    const limits = { ...PLANNING_LIMITS, cachedPlansMax: 3, cachedBytesMax: 10_000 };
    const planning = createPlanning(planner, limits);
    for (let i = 0; i < 10; i += 1) {
      const planned = planning.plan(request(`k${i}`));
      await turn();
      planner.asked[i]?.();
      await planned;
    }
    expect(planning.cached.plans).toBe(3);
    const planned = planning.plan(request("k".repeat(6_000)));
    await turn();
    planner.asked[10]?.();
    await planned;
    expect(planning.cached.bytes).toBeLessThanOrEqual(10_000);
  });

  it("forgets a failure", async () => {
    let fails = true;
    const planner: Planner = {
      apiSchema: buildSchema("type Query { a: Int }"),
      plan: () =>
        fails ? Promise.reject(new Error("cannot be planned")) : Promise.resolve({ root: undefined }),
    };
    const planning = createPlanning(planner, PLANNING_LIMITS);
    await expect(planning.plan(request("a"))).rejects.toThrow("cannot be planned");
    fails = false;
    expect(await planning.plan(request("a"))).toEqual({ root: undefined });
  });
});

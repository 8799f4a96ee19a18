import { buildSchema, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { Bill } from "../../../gateway/receive/bill.js";
import type { Budgets, Quota, Taken } from "../../../gateway/receive/budgets.js";
import type { CostModel } from "../../../gateway/receive/cost-model.js";
import { readOperation } from "../../../gateway/receive/read-operation.js";

const SCHEMA = buildSchema("type Query { rows: [Row!]! } type Row { n: Int! }");
/** Each row weighs one, and two are declared. */
const COSTS: CostModel = { weightOf: () => 1, objectWeightOf: () => 0, sizeOf: () => ({ most: 2 }) };
const CLIENT = ["https://issuer|client", "bank"];

const quota: Quota = { budget: "cost", limit: 100, windowSeconds: 60, remaining: 97, resetsInSeconds: 42 };

/** A client's purse, and what was taken of it. */
function purse(isAdmitted: boolean, operationCostMax = 50) {
  const taken: number[] = [];
  const budgets = {
    operationCostMax,
    takeCost: async (_client: unknown, cost: number): Promise<Taken> => {
      taken.push(cost);
      return { ...quota, isAdmitted };
    },
    chargeCost: async (_client: unknown, cost: number): Promise<void> => void taken.push(cost),
  } as unknown as Budgets;
  const excess: number[] = [];
  const bill = new Bill({ budgets, costs: COSTS, onExcess: (points) => excess.push(points) }, CLIENT);
  return { bill, taken, excess };
}

const request = { document: parse("{ rows { n } }"), operationName: undefined, variables: {}, sha256: "" };
const operation = readOperation(request, { schema: SCHEMA, explains: true });
const told: Quota[] = [];
const tell = (given: Quota): void => void told.push(given);

describe("the bill of an operation", () => {
  it("takes the estimate before anything runs, and says what remains and what the answer did cost", async () => {
    const { bill, taken, excess } = purse(true);
    await bill.charge(operation, tell);
    expect(taken).toEqual([3]);
    expect(told.at(-1)).toEqual(quota);
    expect(bill.settle({ rows: [{ n: 1 }] })).toEqual({
      estimated: 3,
      actual: 2,
      operationMax: 50,
      limit: 100,
      remaining: 97,
      resetsInSeconds: 42,
    });
    expect([taken, excess]).toEqual([[3], []]);
  });

  it("takes the rest, and tells the operator, when a list is longer than declared", async () => {
    const { bill, taken, excess } = purse(true);
    await bill.charge(operation, tell);
    const rows = Array.from({ length: 10 }, () => ({ n: 1 }));
    expect(bill.settle({ rows })).toMatchObject({ estimated: 3, actual: 11 });
    expect(taken).toEqual([3, 8]);
    expect(excess).toEqual([8]);
  });

  it("says nothing of what was fetched and did not leave", async () => {
    const { bill } = purse(true);
    await bill.charge(operation, tell);
    expect(bill.settle({ rows: null })).toMatchObject({ actual: 1 });
    expect(bill.settle(null)).toMatchObject({ actual: 0 });
    expect(bill.note()).not.toHaveProperty("actual");
  });

  it("refuses what may cost too much and takes nothing for it", async () => {
    const { bill, taken } = purse(true, 2);
    await expect(bill.charge(operation, tell)).rejects.toMatchObject({ code: "OPERATION_TOO_COSTLY" });
    expect(taken).toEqual([]);
    expect(bill.note()).toEqual({ estimated: 3, operationMax: 2 });
  });

  it("refuses what the budget does not cover, with the time to wait", async () => {
    const { bill } = purse(false);
    await expect(bill.charge(operation, tell)).rejects.toMatchObject({
      code: "RATE_LIMITED",
      facts: { budget: "cost", limit: 100, retryAfterSeconds: 42 },
    });
    expect(bill.note()).toMatchObject({ estimated: 3, remaining: 97 });
  });
});

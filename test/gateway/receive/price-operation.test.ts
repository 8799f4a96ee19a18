import "reflect-metadata";
import { randomInt } from "node:crypto";
import fc from "fast-check";
import {
  buildSchema,
  execute,
  getNamedType,
  getNullableType,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isLeafType,
  isListType,
  isNonNullType,
  parse,
  validate,
} from "graphql";
import { beforeAll, describe, expect, it } from "vitest";
import { type CostModel, findUndeclaredCosts, readCosts } from "../../../gateway/receive/cost-model.js";
import { priceOperation } from "../../../gateway/receive/price-operation.js";
import { readOperation } from "../../../gateway/receive/read-operation.js";
import {
  FIELD_WEIGHTS,
  LIST_SIZES,
  OBJECT_WEIGHTS,
  PAGE_SIZE,
  WINDOW_MONTHS,
} from "../../../schema/budgets/costs.js";
import { PAGE_MAX } from "../../../subgraphs/host/paging.js";
import { monthsIn, readWindow } from "../../../subgraphs/host/window.js";
import { LINKS_MAX } from "../../../subgraphs/merchants/store.js";
import { readApiSchema } from "../../support/api-schema.js";
import { rootFieldsOf, tape, writeOperation } from "../../support/random-operation.js";

const ALICE = "91990100MA0000A193";
const SEED = randomInt(2 ** 31);
const RUNS = 800;

let schema: GraphQLSchema;
let costs: CostModel;

beforeAll(async () => {
  schema = await readApiSchema();
  costs = readCosts(schema);
});

function operationOf(query: string, variables: Readonly<Record<string, unknown>> = {}) {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const request = { document, operationName: undefined, variables, sha256: "" };
  return readOperation(request, { schema, explains: true });
}

const VALUES = {
  MerchantId: [ALICE, "92990100MA0000B234"],
  ID: ["consent-1"],
  String: ["CNY"],
  reference: ["C-1"],
  after: [null],
  Instant: ["2026-01-01T00:00:00Z"],
  Int: [3],
  first: [20, 1, 100, 7, 0, -1, 1_000],
  n: [1, 10],
  months: [12, 1, 36, 60, 0, 99],
  from: ["2024-03", "2025-12"],
  until: ["2026-01", "2025-11"],
  currency: ["CNY"],
};

/** What rooms serve at most, said here once more: longer pages and windows are refused. */
interface Above {
  readonly first: number;
  readonly months: number;
  readonly currencies: number;
}

function monthsServed(window: Record<string, unknown> | null | undefined): number {
  const { months, from, until } = window ?? {};
  const index = (text: unknown): number => {
    const [year = 0, month = 0] = String(text).split("-").map(Number);
    return year * 12 + month;
  };
  const count = months == null ? 12 : Number(months);
  if (from == null && until == null) return count < 1 || count > 36 ? 0 : count;
  const width = until == null ? 60 : index(until) - index(from);
  return from == null || months != null || width < 1 || width > 60 ? 0 : width;
}

/** As many entries as a room can give, or fewer as the dice say. */
function lengthServed(coordinate: string, args: Record<string, unknown>, above: Above): number {
  if (coordinate.endsWith(".nodes")) return above.first > 100 || above.first < 1 ? 0 : above.first;
  if (coordinate === "Query.merchants") return (args["inquiries"] as unknown[]).length;
  if (coordinate === "Transactions.months") return above.months * above.currencies;
  if (/^(Reviews|Social)\.months$/.test(coordinate)) return above.months;
  if (coordinate === "Transactions.platforms") return 20 * above.currencies;
  const size = LIST_SIZES[coordinate];
  if (size === undefined || !("most" in size)) throw new Error(`how long is ${coordinate}?`);
  return size.most;
}

/** Answers every field with as much as there can be, and counts what the executor is asked to resolve. */
function countingServer(isNull: () => boolean): {
  readonly resolver: GraphQLFieldResolver<unknown, unknown>;
  readonly counted: () => number;
} {
  let counted = 0;
  const resolver: GraphQLFieldResolver<unknown, unknown> = (source, args, _context, info) => {
    const { parentType, fieldName, returnType } = info;
    const coordinate = `${parentType.name}.${fieldName}`;
    const root = parentType.name === "Query" ? 10 : parentType.name === "Mutation" ? 100 : 1;
    counted += FIELD_WEIGHTS[coordinate] ?? root;
    const outer = (source ?? { first: PAGE_SIZE, months: 12, currencies: 4 }) as Above;
    const above: Above = {
      first: "first" in args ? Number(args["first"]) : outer.first,
      months: "window" in args ? monthsServed(args["window"]) : outer.months,
      currencies: typeof args["currency"] === "string" ? 1 : outer.currencies,
    };
    const named = getNamedType(returnType);
    if (isLeafType(named)) {
      const leaf = named.name === "Boolean" ? true : named.name === "MerchantId" ? ALICE : 1;
      const one = "getValues" in named ? named.getValues()[0]?.value : leaf;
      const served = named.name === "Month" ? "2026-01" : named.name === "Instant" ? new Date(0) : one;
      return isListType(getNullableType(returnType)) ? [served] : served;
    }
    // Only a root may be absent: below it every null would let a parent vanish and prove less.
    if (parentType.name === "Query" && !isNonNullType(returnType) && isNull()) return null;
    const object = (): Above => {
      counted += OBJECT_WEIGHTS[named.name] ?? 0;
      return { ...above };
    };
    if (!isListType(getNullableType(returnType))) return object();
    return Array.from({ length: lengthServed(coordinate, args, above) }, object);
  };
  return { resolver, counted: () => counted };
}

/** `__typename` never asks a resolver; the operations here name it `t_` and a number. */
function typenamesIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + typenamesIn(item), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) => sum + (key.startsWith("t_") ? 1 : typenamesIn(inner)),
    0,
  );
}

interface Tally {
  largest: number;
  /** Answers that cost all that was estimated. */
  full: number;
}

/** An answer of as much as there can be never costs more than was estimated, and is measured for what it is. */
function neverBelow(kind: "query" | "mutation", model: CostModel, tally: Tally): fc.IProperty<unknown> {
  const options = { schema, values: VALUES, roots: rootFieldsOf(schema, kind), kind };
  return fc.property(tape(), fc.nat({ max: 3 }), (choices, dice) => {
    const { query, variables } = writeOperation(choices, options);
    const operation = operationOf(query, variables);
    const priced = priceOperation(model, operation);
    // What costs this much is refused before it runs.
    fc.pre(priceOperation(costs, operation).estimated <= 100_000);
    const server = countingServer(() => dice === 1);
    const { document } = operation;
    const args = { schema, document, variableValues: variables, fieldResolver: server.resolver };
    const result = execute(args);
    if (result instanceof Promise) throw new Error("nothing here waits");
    expect(result.errors ?? []).toEqual([]);
    const actual = server.counted() + typenamesIn(result.data);
    if (model === costs) expect(priced.measure(result.data)).toBe(actual);
    expect(priced.estimated).toBeGreaterThanOrEqual(actual);
    tally.largest = Math.max(tally.largest, actual);
    if (priced.estimated === actual) tally.full += 1;
  });
}

describe("the estimate of an operation", () => {
  it.each([
    ["query", 1_000],
    ["mutation", 300],
  ] as const)(
    `Q3: is never below what a random %s makes the executor resolve (seed ${SEED})`,
    (kind, large) => {
      const tally = { largest: 0, full: 0 };
      fc.assert(neverBelow(kind, costs, tally), { seed: SEED, numRuns: RUNS });
      // The property is about something: some answers were large, and many cost all that was estimated.
      expect(tally.largest).toBeGreaterThan(large);
      expect(tally.full).toBeGreaterThan(RUNS / 10);
    },
    120_000,
  );

  it.each([
    ["a list counts once", (model: CostModel) => ({ ...model, sizeOf: () => ({ most: 1 }) })],
    ["an object weighs nothing", (model: CostModel) => ({ ...model, objectWeightOf: () => 0 })],
    ["every field weighs one", (model: CostModel) => ({ ...model, weightOf: () => 1 })],
  ])(
    `Q3 twin: where %s, the property is found broken (seed ${SEED})`,
    (_what, broken) => {
      const tally = { largest: 0, full: 0 };
      const { failed } = fc.check(neverBelow("query", broken(costs), tally), { seed: SEED, numRuns: RUNS });
      expect(failed).toBe(true);
    },
    120_000,
  );
});

describe("the costs of a schema", () => {
  it("fit the supergraph as it is composed", () => {
    expect(findUndeclaredCosts(schema)).toEqual([]);
  });

  it("say what the rooms themselves serve at most", () => {
    expect(PAGE_SIZE).toBe(PAGE_MAX);
    expect(LIST_SIZES["Identity.accounts"]).toEqual({ most: LINKS_MAX });
    const now = new Date("2026-06-15T00:00:00Z");
    const wide = readWindow({ from: "2021-01", until: "2026-01" }, now);
    expect(monthsIn(wide)).toHaveLength(WINDOW_MONTHS.most);
    expect(() => readWindow({ from: "2021-01", until: "2026-02" }, now)).toThrow();
    expect(monthsIn(readWindow(undefined, now))).toHaveLength(WINDOW_MONTHS.default);
  });

  it("are refused where a list has no size, or a size has no list", () => {
    const other = buildSchema(
      "type Query { pages: Pages, many: [Pages], names: [String] } type Pages { nodes: [Pages] }",
    );
    const problems = findUndeclaredCosts(other);
    expect(problems).toContain("Query.many is a list without a size in schema/budgets/costs.ts");
    expect(problems.join()).not.toMatch(/Pages\.nodes|Query\.names/);
    expect(problems.some((problem) => problem.includes("Identity.accounts, which the schema has not"))).toBe(
      true,
    );
    expect(() => readCosts(other)).toThrowError(/do not fit the schema/);
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { PLANNER_KINDS, loadPlanner } from "../../gateway/plan/load-planner.js";
import {
  type BareEngine,
  createBareEngine,
  WITHOUT_CONSENT,
} from "../../gateway/process/bare/bare-engine.js";
import { composeScenario, type SubgraphFunction } from "../differential/engines.js";
import type { Scenario } from "../differential/scenarios/scenario.js";

const SCENARIO: Scenario = {
  name: "rows",
  subgraphs: {
    base: {
      sdl: `type Query { rows: [Row!] one: Row } type Row @key(fields: "id") { id: ID! name: String count: Int tags: [String] box: Box } type Box { size: Int }`,
      resolvers: {},
    },
    more: { sdl: `type Row @key(fields: "id") { id: ID! note: String sure: Int! }`, resolvers: {} },
  },
};
const ROWS = {
  data: {
    rows: [
      { __typename: "Row", id: "1" },
      { __typename: "Row", id: "2" },
    ],
  },
};
const ASK_ROWS = "{ rows { id note } }";

let engine: BareEngine;
afterEach(async () => {
  await engine.close();
  // Whatever a subgraph said, no object of anybody else's has a member more.
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

async function ask(query: string, base: unknown, more: unknown = { data: { _entities: [] } }) {
  const told = (answer: unknown): SubgraphFunction => {
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    return async () => JSON.parse(text) as unknown;
  };
  engine = createBareEngine({
    [WITHOUT_CONSENT]: true,
    supergraphSdl: composeScenario(SCENARIO),
    sources: new Map([
      ["base", told(base)],
      ["more", told(more)],
    ]),
    createPlanner: (await loadPlanner("native")) satisfies (sdl: string) => unknown,
  });
  const { data, errors = [] } = (await engine.execute({ query })) as { data: any; errors?: readonly any[] };
  return {
    data: JSON.parse(JSON.stringify(data ?? null)),
    paths: errors.map(({ path = [] }) => path.join(".")),
  };
}

describe("S1: a subgraph that answers JSON of another making", () => {
  it("S1 is believed when it answers as it should", async () => {
    const entities = { data: { _entities: [{ note: "a" }, { note: "b" }] } };
    const { data, paths } = await ask(ASK_ROWS, ROWS, entities);
    expect(data).toEqual({
      rows: [
        { id: "1", note: "a" },
        { id: "2", note: "b" },
      ],
    });
    expect(paths).toEqual([]);
  });

  it.each(["__proto__", "constructor", "prototype", "hasOwnProperty"])(
    "S1 reaches no prototype through a member named %s, and neither does an alias",
    async (name) => {
      const hostile = `{"data":{"one":{"__typename":"Row","id":"1","${name}":{"polluted":true}},"${name}":{"polluted":true}}}`;
      const entities = `{"data":{"_entities":[{"${name}":{"polluted":true},"note":"n"}],"${name}":{"polluted":true}}}`;
      const plain = await ask("{ one { id note } }", hostile, entities);
      expect(plain.data).toEqual({ one: { id: "1", note: "n" } });
      await engine.close();
      const aliased = await ask(
        `{ one { ${name}: name id } }`,
        `{"data":{"one":{"__typename":"Row","id":"1","${name}":"x"}}}`,
      );
      expect(JSON.stringify(aliased.data)).toBe(`{"one":{"${name}":"x","id":"1"}}`);
    },
  );

  it.each<readonly [string, unknown, unknown, readonly string[]]>([
    ["a list for an object", { one: [{ id: "1" }] }, { one: null }, ["one"]],
    ["a word for an object", { one: "1" }, { one: null }, ["one"]],
    ["an object for a list", { rows: { id: "1" } }, { rows: null }, ["rows"]],
    ["an object for a scalar", { one: { name: { toString: 1 } } }, { one: { name: null } }, ["one.name"]],
    ["a word for a number", { one: { count: "7" } }, { one: { count: null } }, ["one.count"]],
    ["half a number", { one: { count: 7.5 } }, { one: { count: null } }, ["one.count"]],
    [
      "a number in a list of words",
      { one: { tags: ["a", 1] } },
      { one: { tags: ["a", null] } },
      ["one.tags.1"],
    ],
    ["a list in a list of words", { one: { tags: [["a"]] } }, { one: { tags: [null] } }, ["one.tags.0"]],
    ["null where none may be", { rows: [{ id: null }] }, { rows: null }, ["rows.0.id"]],
  ])("S1 gets null and an error at that place for %s", async (_what, given, expected, where) => {
    const fields = Object.keys(
      Object.values(given as object)[0]?.[0] ?? Object.values(given as object)[0] ?? {},
    );
    const known = fields.filter((field) => ["id", "name", "count", "tags"].includes(field));
    const root = Object.keys(given as object)[0] ?? "";
    const { data, paths } = await ask(`{ ${root} { ${known[0] ?? "id"} } }`, { data: given });
    expect({ data, paths }).toEqual({ data: expected, paths: where });
  });

  it("S1 adds nothing that was not asked for", async () => {
    const extra = {
      data: { one: { __typename: "Row", id: "1", secret: 1, name: "n" }, other: 2 },
      extensions: { x: 1 },
    };
    const { data } = await ask("{ one { name } }", extra);
    expect(data).toEqual({ one: { name: "n" } });
  });

  it.each([
    ["more", [{ note: "a" }, { note: "b" }, { note: "c" }]],
    ["fewer", [{ note: "a" }]],
    ["no", null],
    ["no list of", { 0: { note: "a" } }],
  ])(
    "S1 gives no entity another's value when it answers %s entities than were asked for",
    async (_how, entities) => {
      const { data } = await ask(ASK_ROWS, ROWS, { data: { _entities: entities } });
      expect(data).toEqual({
        rows: [
          { id: "1", note: null },
          { id: "2", note: null },
        ],
      });
    },
  );

  it.each(["Box", "Query", "Nobody", "__proto__"])(
    "S1 changes no object's type by calling it %s",
    async (typeName) => {
      const lie = JSON.stringify({ one: { __typename: "Row", id: "1" } }).replace(
        '"Row"',
        JSON.stringify(typeName),
      );
      const { data, paths } = await ask("{ one { __typename id note } }", `{"data":${lie}}`, {
        data: { _entities: [{ note: "n" }] },
      });
      expect(data.one?.__typename ?? "Row").toBe("Row");
      expect(data.one?.note ?? null).toBe(null);
      expect(paths.every((path) => path.startsWith("one"))).toBe(true);
    },
  );

  it("S1 overwrites no entity's name: the first to say it is believed", async () => {
    const entities = { data: { _entities: [{ __typename: "Box", id: "9", note: "n" }, null] } };
    const { data } = await ask("{ rows { __typename id note } }", ROWS, entities);
    expect(data.rows[0].__typename).toBe("Row");
  });

  it("S1 is carried up from a place that may not be null, with one error that says where", async () => {
    const { data, paths } = await ask("{ rows { sure } }", ROWS, {
      data: { _entities: [{ sure: 1 }, { sure: null }] },
    });
    expect(data).toEqual({ rows: null });
    expect(paths).toEqual(["rows.1.sure"]);
  });

  it.each([
    ["null", null],
    ["a list", []],
    ["a word", "yes"],
    ["nothing known", {}],
    ["data that is a list", { data: [] }],
  ])("S1 counts as one that did not answer when it answers %s", async (_what, answer) => {
    const { data, paths } = await ask("{ one { id } }", JSON.stringify(answer));
    expect({ data, paths }).toEqual({ data: { one: null }, paths: ["one"] });
  });
});

describe("the bare engine", () => {
  it("is built for nobody who does not say that it asks without consent", async () => {
    const createPlanner = await loadPlanner(PLANNER_KINDS[0]);
    const options = { supergraphSdl: composeScenario(SCENARIO), sources: new Map(), createPlanner };
    expect(() => createBareEngine(options as never)).toThrow(TypeError);
    engine = { close: async () => {} } as BareEngine;
  });
});

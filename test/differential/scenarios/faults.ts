import type { Scenario } from "./scenario.js";

const fail = (): never => {
  throw new Error("resolver");
};

const throwing: Scenario = {
  name: "resolvers that throw, in lists, below entities and under fields that may not be null",
  subgraphs: {
    base: {
      sdl: `type Query { rows: [Row] strict: [Row!]! one: Row } type Row @key(fields: "id") { id: ID! good: Int bad: Int sure: Int! deep: Deep } type Deep { id: ID sure: Int! }`,
      resolvers: {
        Query: {
          rows: () => ["1", "2", "3"].map((id) => ({ id })),
          strict: () => ["1", "3"].map((id) => ({ id })),
          one: () => ({ id: "2" }),
        },
        Row: {
          good: ({ id }: any) => Number(id),
          bad: ({ id }: any) => (id === "2" ? fail() : 1),
          sure: ({ id }: any) => (id === "2" ? fail() : 2),
          deep: ({ id }: any) => ({ id }),
        },
        Deep: { sure: ({ id }: any) => (id === "2" ? fail() : 3) },
      },
    },
    more: {
      sdl: `type Row @key(fields: "id") { id: ID! extra: Int broken: String certain: String! list: [Int!] kin: [Row!] }`,
      resolvers: {
        Row: {
          __resolveReference: ({ id }: any) => (id === "9" ? fail() : { id }),
          extra: ({ id }: any) => Number(id) * 2,
          broken: ({ id }: any) => (id === "1" ? "fine" : fail()),
          certain: ({ id }: any) => (id === "3" ? fail() : "certain"),
          list: ({ id }: any) => (id === "1" ? [1, null, 3] : [1, 2]),
          kin: ({ id }: any) => (id === "1" ? [{ id: "3" }, { id: "2" }] : [{ id: "9" }]),
        } as never,
      },
    },
  },
};

const missing: Scenario = {
  name: "entities that are not found under fields that may not be null",
  subgraphs: {
    base: {
      sdl: `type Query { rows: [Row] strict: [Row!] one: Row! } type Row @key(fields: "id") { id: ID! name: String next: Row! maybe: Row }`,
      resolvers: {
        Query: {
          rows: () => [{ id: "1" }, { id: "gone" }],
          strict: () => [{ id: "1" }, { id: "gone" }],
          one: () => ({ id: "1" }),
        },
        Row: {
          __resolveReference: ({ id }: any) => ({ id }),
          name: ({ id }: any) => `row ${id}`,
          next: ({ id }: any) => ({ id: id === "1" ? "2" : "gone" }),
          maybe: () => ({ id: "gone" }),
        } as never,
      },
    },
    more: {
      sdl: `type Row @key(fields: "id") { id: ID! sure: Int! maybeInt: Int }`,
      resolvers: {
        Row: {
          __resolveReference: ({ id }: any) => (id === "gone" ? null : { id }),
          sure: ({ id }: any) => Number(id),
          maybeInt: ({ id }: any) => Number(id),
        } as never,
      },
    },
  },
};

const down: Scenario = {
  name: "a subgraph that cannot be reached",
  unreachable: ["away"],
  subgraphs: {
    here: {
      sdl: `type Query { rows: [Row] strict: [Row!]! } type Row @key(fields: "id") { id: ID! name: String }`,
      resolvers: {
        Query: { rows: () => [{ id: "1" }, null, { id: "2" }], strict: () => [{ id: "1" }] },
        Row: { __resolveReference: ({ id }: any) => ({ id }), name: ({ id }: any) => `row ${id}` } as never,
      },
    },
    away: {
      sdl: `type Query { far: Row certain: Int! } type Row @key(fields: "id") { id: ID! far: String sure: String! }`,
      resolvers: {},
    },
  },
};

export const FAULT_SCENARIOS: readonly Scenario[] = [throwing, missing, down];

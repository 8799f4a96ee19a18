import { find, type Scenario } from "./scenario.js";

const PARCELS = [
  { id: "1", weight: 2, size: { w: 1, h: 2 }, name: "small" },
  { id: "2", weight: null, size: null, name: "odd" },
  { id: "3", weight: 9, size: { w: 5, h: null }, name: "big" },
];

const requires: Scenario = {
  name: "@requires, with arguments and within objects",
  isUnconditional: true,
  subgraphs: {
    goods: {
      sdl: `type Query { parcels: [Parcel!] } type Parcel @key(fields: "id") { id: ID! name: String weight(unit: String): Int size: Size } type Size { w: Int h: Int }`,
      resolvers: {
        Query: { parcels: () => PARCELS },
        Parcel: {
          __resolveReference: find(PARCELS, "id"),
          weight: ({ weight }: any, { unit }: any) =>
            weight === null ? null : unit === "g" ? weight * 1000 : weight,
        },
      },
    },
    post: {
      sdl: `type Parcel @key(fields: "id") { id: ID! weight(unit: String): Int @external size: Size @external postage(express: Boolean): Int @requires(fields: "weight(unit: \\"g\\")") volume: Int @requires(fields: "size { w h }") label: String @requires(fields: "weight(unit: \\"g\\") size { w }") } type Size { w: Int @external h: Int @external }`,
      resolvers: {
        Parcel: {
          postage: ({ weight }: any, { express }: any) =>
            weight == null ? null : weight / 100 + (express ? 1 : 0),
          volume: ({ size }: any) => (size?.h == null ? null : size.w * size.h),
          label: ({ id, weight, size }: any) => `${id}/${weight}/${size?.w}`,
        },
      },
    },
  },
};

const AUTHORS = [
  { id: "a", name: "Ada", born: 1815 },
  { id: "b", name: null, born: 1900 },
];
const POSTS = [
  { id: "p", author: AUTHORS[0], words: 3 },
  { id: "q", author: AUTHORS[1], words: 4 },
  { id: "r", author: null, words: 5 },
];

const provides: Scenario = {
  name: "@provides",
  subgraphs: {
    posts: {
      sdl: `type Query { posts: [Post!]! latest: Post @provides(fields: "author { name }") } type Post @key(fields: "id") { id: ID! words: Int author: Author @provides(fields: "name") } type Author @key(fields: "id") { id: ID! name: String @external posts: [Post] }`,
      resolvers: {
        Query: { posts: () => POSTS, latest: () => POSTS[1] },
        Post: { __resolveReference: find(POSTS, "id") },
        Author: { posts: ({ id }: any) => POSTS.filter((post) => post.author?.id === id) },
      },
    },
    authors: {
      sdl: `type Query { authors: [Author] } type Author @key(fields: "id") { id: ID! name: String @shareable born: Int }`,
      resolvers: {
        Query: { authors: () => AUTHORS },
        Author: { __resolveReference: find(AUTHORS, "id") },
      },
    },
  },
};

const override: Scenario = {
  name: "@override",
  subgraphs: {
    old: {
      sdl: `type Query { things: [Thing] } type Thing @key(fields: "id") { id: ID! note: String count: Int }`,
      resolvers: {
        Query: { things: () => [{ id: "1" }, { id: "2" }] },
        Thing: {
          __resolveReference: ({ id }: any) => ({ id }),
          note: () => "never",
          count: ({ id }: any) => Number(id),
        } as never,
      },
    },
    fresh: {
      sdl: `type Query { first: Thing } type Thing @key(fields: "id") { id: ID! note: String @override(from: "old") }`,
      resolvers: {
        Query: { first: () => ({ id: "1" }) },
        Thing: {
          __resolveReference: ({ id }: any) => ({ id }),
          note: ({ id }: any) => `fresh ${id}`,
        } as never,
      },
    },
  },
};

const inaccessible: Scenario = {
  name: "@inaccessible",
  subgraphs: {
    open: {
      sdl: `type Query { cars(kind: Kind): [Car] } type Car @key(fields: "vin") { vin: ID! @inaccessible kind: Kind plate: String } enum Kind { SMALL LARGE SECRET @inaccessible }`,
      resolvers: {
        Query: {
          cars: (_, { kind }) =>
            [
              { vin: "v1", kind: "SMALL", plate: "P1" },
              { vin: "v2", kind: "LARGE", plate: null },
            ].filter((car) => kind == null || car.kind === kind),
        },
        Car: { __resolveReference: ({ vin }: any) => ({ vin, plate: "again" }) } as never,
      },
    },
    service: {
      sdl: `type Car @key(fields: "vin") { vin: ID! @inaccessible due: Int history(last: Int = 2): [Visit!]! } type Visit { at: String cost: Int @inaccessible }`,
      resolvers: {
        Car: {
          __resolveReference: ({ vin }: any) => ({ vin }),
          due: ({ vin }: any) => vin.length,
          history: ({ vin }: any, { last }: any) =>
            Array.from({ length: last }, (_, i) => ({ at: `${vin}-${i}` })),
        } as never,
      },
    },
  },
};

let balance = 0;
let log: string[] = [];

const mutations: Scenario = {
  name: "mutations, one after the other over two subgraphs",
  isUnconditional: true,
  reset: () => {
    balance = 0;
    log = [];
  },
  subgraphs: {
    bank: {
      sdl: `type Query { account: Account } type Mutation { pay(amount: Int!): Account! multiply(by: Int!): Account } type Account @key(fields: "id") { id: ID! balance: Int }`,
      resolvers: {
        Query: { account: () => ({ id: "1", balance }) },
        Mutation: {
          pay: (_, { amount }) => ({ id: "1", balance: (balance += amount) }),
          multiply: (_, { by }) => ({ id: "1", balance: (balance *= by) }),
        },
      },
    },
    diary: {
      sdl: `type Mutation { note(text: String!): Account } type Account @key(fields: "id") { id: ID! notes: [String!] }`,
      resolvers: {
        Mutation: { note: (_, { text }) => (log.push(`${text} at ${balance}`), { id: "1" }) },
        Account: { __resolveReference: ({ id }: any) => ({ id }), notes: () => [...log] } as never,
      },
    },
  },
};

const value = `type Money @shareable { minor: Int! currency: String } type Range @shareable { low: Money high: Money }`;

const values: Scenario = {
  name: "value types that subgraphs share, and shared roots",
  subgraphs: {
    one: {
      sdl: `type Query { quote(id: ID): Quote rate: Range @shareable } type Quote @key(fields: "id") { id: ID! bid: Money range: Range } ${value}`,
      resolvers: {
        Query: {
          quote: (_, { id }) => ({ id: id ?? "q" }),
          rate: () => ({ low: { minor: 1, currency: null }, high: null }),
        },
        Quote: {
          __resolveReference: ({ id }: any) => ({ id }),
          bid: () => ({ minor: 5, currency: "CNY" }),
          range: () => ({ low: null, high: { minor: 8, currency: "EUR" } }),
        } as never,
      },
    },
    two: {
      sdl: `type Query { rate: Range @shareable quotes: [Quote!]! } type Quote @key(fields: "id") { id: ID! ask: Money offers: [Money] } ${value}`,
      resolvers: {
        Query: {
          rate: () => ({ low: { minor: 1, currency: null }, high: null }),
          quotes: () => [{ id: "q" }, { id: "r" }],
        },
        Quote: {
          __resolveReference: ({ id }: any) => ({ id }),
          ask: ({ id }: any) => (id === "r" ? null : { minor: 6, currency: "CNY" }),
          offers: () => [null, { minor: 7, currency: null }],
        } as never,
      },
    },
  },
};

export const FIELD_SCENARIOS: readonly Scenario[] = [
  requires,
  provides,
  override,
  inaccessible,
  mutations,
  values,
];

import { find, type Scenario } from "./scenario.js";

const MEDIA = [
  { __typename: "Song", id: "s1", title: "A", seconds: 60, stars: 5 },
  { __typename: "Film", id: "f1", title: "B", minutes: 90, stars: null },
  { __typename: "Song", id: "s2", title: null, seconds: null, stars: 1 },
];
const typeOf = ({ __typename }: any) => __typename;

const union: Scenario = {
  name: "a union of entities",
  subgraphs: {
    library: {
      sdl: `type Query { media: [Media] pick(id: ID!): Media } union Media = Song | Film type Song @key(fields: "id") { id: ID! title: String } type Film @key(fields: "id") { id: ID! title: String }`,
      resolvers: {
        Query: { media: () => [...MEDIA, null], pick: (_, args) => find(MEDIA, "id")(args) },
        Media: { __resolveType: typeOf },
        Song: { __resolveReference: find(MEDIA, "id") },
        Film: { __resolveReference: find(MEDIA, "id") },
      },
    },
    player: {
      sdl: `type Song @key(fields: "id") { id: ID! seconds: Int similar: [Song!] } type Film @key(fields: "id") { id: ID! minutes: Int }`,
      resolvers: {
        Song: { __resolveReference: find(MEDIA, "id"), similar: () => [{ id: "s2" }] },
        Film: { __resolveReference: find(MEDIA, "id") },
      },
    },
  },
};

const iface: Scenario = {
  name: "an interface over entities",
  subgraphs: {
    shop: {
      sdl: `type Query { media: [Media!]! } interface Media { id: ID! title: String maker: Maker } type Song implements Media @key(fields: "id") { id: ID! title: String maker: Maker seconds: Int } type Film implements Media @key(fields: "id") { id: ID! title: String maker: Maker minutes: Int } type Maker @key(fields: "name") { name: String! }`,
      resolvers: {
        Query: { media: () => MEDIA },
        Media: { __resolveType: typeOf },
        Song: { __resolveReference: find(MEDIA, "id"), maker: () => ({ name: "Mo" }) },
        Film: { __resolveReference: find(MEDIA, "id"), maker: ({ id }: any) => ({ name: id }) },
      },
    },
    reviews: {
      sdl: `type Query { best: Rated } interface Rated { stars: Int } type Song implements Rated @key(fields: "id") { id: ID! stars: Int } type Film implements Rated @key(fields: "id") { id: ID! stars: Int } type Maker @key(fields: "name") { name: String! works: [Rated] }`,
      resolvers: {
        Query: { best: () => MEDIA[0] },
        Rated: { __resolveType: typeOf },
        Song: { __resolveReference: find(MEDIA, "id") },
        Film: { __resolveReference: find(MEDIA, "id") },
        Maker: {
          __resolveReference: ({ name }: any) => ({ name }),
          works: ({ name }: any) => (name === "Mo" ? [MEDIA[0], null, MEDIA[1]] : []),
        } as never,
      },
    },
  },
};

const interfaceObject: Scenario = {
  name: "@interfaceObject",
  isUnconditional: true,
  subgraphs: {
    shop: {
      sdl: `type Query { media: [Media] } interface Media @key(fields: "id") { id: ID! title: String } type Song implements Media @key(fields: "id") { id: ID! title: String seconds: Int } type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }`,
      resolvers: {
        Query: { media: () => MEDIA },
        Media: { __resolveType: typeOf, __resolveReference: find(MEDIA, "id") },
        Song: { __resolveReference: find(MEDIA, "id") },
        Film: { __resolveReference: find(MEDIA, "id") },
      },
    },
    stars: {
      sdl: `type Query { rated: [Media!] } type Media @interfaceObject @key(fields: "id") { id: ID! stars: Int note(text: String = "n"): String }`,
      resolvers: {
        Query: { rated: () => MEDIA.map(({ id }: any) => ({ id })) },
        Media: {
          __resolveReference: ({ id }: any) => ({ id }),
          stars: ({ id }: any) => MEDIA.find((one) => one.id === id)?.stars,
          note: ({ id }: any, { text }: any) => `${text} ${id}`,
        } as never,
      },
    },
  },
};

const EVENTS = [
  { __typename: "Sale", at: 1, by: { id: "1" }, amount: 5 },
  { __typename: "Visit", at: 2, by: null, page: "/" },
  { __typename: "Sale", at: 3, by: { id: "2" }, amount: null },
];

const aliases: Scenario = {
  name: "@skip, @include, aliases and fragments over unlike types",
  subgraphs: {
    events: {
      sdl: `type Query { events(last: Int): [Event!] root: Query! } interface Event { at: Int! by: Visitor } type Sale implements Event { at: Int! by: Visitor amount: Int value: Int } type Visit implements Event { at: Int! by: Visitor page: String value: String } type Visitor @key(fields: "id") { id: ID! }`,
      resolvers: {
        Query: {
          events: (_, { last }) => (last == null ? EVENTS : EVENTS.slice(-Math.max(1, last))),
          root: () => ({}),
        },
        Event: { __resolveType: typeOf },
        Sale: { value: ({ amount }: any) => amount },
        Visit: { value: ({ page }: any) => page },
      },
    },
    visitors: {
      sdl: `type Query { visitors: [Visitor] } type Visitor @key(fields: "id") { id: ID! name: String friends(first: Int = 1, name: String): [Visitor] }`,
      resolvers: {
        Query: { visitors: () => [{ id: "1" }, { id: "2" }] },
        Visitor: {
          __resolveReference: ({ id }: any) => ({ id }),
          name: ({ id }: any) => `visitor ${id}`,
          friends: ({ id }: any, { first }: any) =>
            Array.from({ length: Math.max(0, first) }, (_, i) => ({ id: `${id}${i}` })),
        } as never,
      },
    },
  },
};

export const ABSTRACT_SCENARIOS: readonly Scenario[] = [union, iface, interfaceObject, aliases];

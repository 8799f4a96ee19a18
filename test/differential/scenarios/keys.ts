import { find, type Scenario } from "./scenario.js";

const BOOKS = [
  { isbn: "b1", title: "One", pages: 10 },
  { isbn: "b2", title: null, pages: 20 },
  { isbn: "b3", title: "Three", pages: null },
];

const single: Scenario = {
  name: "one key",
  subgraphs: {
    catalog: {
      sdl: `type Query { books: [Book!]! book(isbn: ID!): Book } type Book @key(fields: "isbn") { isbn: ID! title: String }`,
      resolvers: {
        Query: { books: () => BOOKS, book: (_, args) => find(BOOKS, "isbn")(args) },
        Book: { __resolveReference: find(BOOKS, "isbn") },
      },
    },
    prints: {
      sdl: `type Query { newest: Book } type Book @key(fields: "isbn") { isbn: ID! pages(unit: Unit = SHEET, times: Int = 1): Int } enum Unit { SHEET SIDE }`,
      resolvers: {
        Query: { newest: () => ({ isbn: "b2" }) },
        Book: {
          __resolveReference: find(BOOKS, "isbn"),
          pages: ({ pages }: any, { unit, times }: any) =>
            pages == null ? null : pages * (unit === "SIDE" ? 2 : 1) * times,
        },
      },
    },
  },
};

const PEOPLE = [
  { id: 1, email: "a@x", name: "Ann", age: 30, boss: "b@x" },
  { id: 2, email: "b@x", name: "Bea", age: 40, boss: null },
  { id: 3, email: "c@x", name: "Cy", age: null, boss: "a@x" },
];

const several: Scenario = {
  name: "several keys, reached through each other",
  subgraphs: {
    accounts: {
      sdl: `type Query { people: [Person!]! } type Person @key(fields: "id") @key(fields: "email") { id: Int! email: String! name: String }`,
      resolvers: {
        Query: { people: () => PEOPLE },
        Person: {
          __resolveReference: (reference: any) =>
            PEOPLE.find((person) => person.id === reference.id || person.email === reference.email) ?? null,
        } as never,
      },
    },
    registry: {
      sdl: `type Query { byAge(min: Int!): [Person] } type Person @key(fields: "id") { id: Int! age: Int }`,
      resolvers: {
        Query: { byAge: (_, { min }) => PEOPLE.map((person) => ((person.age ?? 0) >= min ? person : null)) },
        Person: { __resolveReference: find(PEOPLE, "id") },
      },
    },
    mail: {
      sdl: `type Person @key(fields: "email") { email: String! boss: Person }`,
      resolvers: {
        Person: {
          __resolveReference: find(PEOPLE, "email"),
          boss: ({ boss }: any) => (boss === null ? null : { email: boss }),
        },
      },
    },
  },
};

const SEATS = [
  { hall: "north", row: 1, taken: true, view: "far" },
  { hall: "north", row: 2, taken: false, view: null },
  { hall: "south", row: 1, taken: null, view: "near" },
];
const atSeat = ({ hall, row }: any) => SEATS.find((seat) => seat.hall === hall && seat.row === row) ?? null;

const compound: Scenario = {
  name: "a key of two fields",
  subgraphs: {
    booking: {
      sdl: `type Query { seats(hall: String): [Seat] } type Seat @key(fields: "hall row") { hall: String! row: Int! taken: Boolean }`,
      resolvers: {
        Query: { seats: (_, { hall }) => SEATS.filter((seat) => hall == null || seat.hall === hall) },
        Seat: { __resolveReference: atSeat },
      },
    },
    building: {
      sdl: `type Seat @key(fields: "hall row") { hall: String! row: Int! view: String neighbours: [Seat!] }`,
      resolvers: {
        Seat: {
          __resolveReference: atSeat,
          neighbours: ({ hall, row }: any) => SEATS.filter((seat) => seat.hall === hall && seat.row !== row),
        },
      },
    },
  },
};

const SHELVES = [
  { code: "s1", place: { id: "p1", floor: { level: 1 } }, load: 5, keeper: "Kim" },
  { code: "s2", place: { id: "p2", floor: { level: 2 } }, load: 7, keeper: null },
];
const atPlace = ({ place }: any) =>
  SHELVES.find((shelf) => shelf.place.id === place?.id && shelf.place.floor.level === place?.floor?.level) ??
  null;

const nested: Scenario = {
  name: "a key within objects",
  subgraphs: {
    store: {
      sdl: `type Query { shelves: [Shelf] } type Shelf @key(fields: "place { id floor { level } }") { code: String place: Place! } type Place @shareable { id: ID! floor: Floor! } type Floor @shareable { level: Int! }`,
      resolvers: { Query: { shelves: () => SHELVES }, Shelf: { __resolveReference: atPlace } },
    },
    staff: {
      sdl: `type Query { heaviest: Shelf } type Shelf @key(fields: "place { id floor { level } }") { place: Place! load: Int keeper: String } type Place @shareable { id: ID! floor: Floor! } type Floor @shareable { level: Int! }`,
      resolvers: { Query: { heaviest: () => SHELVES[1] }, Shelf: { __resolveReference: atPlace } },
    },
  },
};

const ITEMS = [
  { id: "i1", name: "chair", ref: "r1", price: 5 },
  { id: "i2", name: "table", ref: null, price: 6 },
  { id: "i3", name: "lamp", ref: "gone", price: 7 },
  null,
  { id: "i1", name: "chair", ref: "r1", price: 5 },
];

const nulls: Scenario = {
  name: "null keys, null entities and the same entity twice",
  subgraphs: {
    items: {
      sdl: `type Query { items: [Item] grid: [[Item]] } type Item { id: ID! name: String offer: Offer } type Offer @key(fields: "ref") { ref: ID }`,
      resolvers: {
        Query: { items: () => ITEMS, grid: () => [ITEMS.slice(0, 2), null, [null, ITEMS[4]]] },
        Item: { offer: ({ ref }: any) => ({ ref }) },
      },
    },
    offers: {
      sdl: `type Offer @key(fields: "ref") { ref: ID price: Int seller: Seller } type Seller @key(fields: "id") { id: ID }`,
      resolvers: {
        Offer: {
          __resolveReference: ({ ref }: any) => (ref === "r1" ? { ref, price: 5 } : null),
          seller: () => ({ id: null }),
        } as never,
      },
    },
    sellers: {
      sdl: `type Seller @key(fields: "id") { id: ID name: String }`,
      resolvers: { Seller: { __resolveReference: ({ id }: any) => ({ id, name: `seller ${id}` }) } as never },
    },
  },
};

export const KEY_SCENARIOS: readonly Scenario[] = [single, several, compound, nested, nulls];

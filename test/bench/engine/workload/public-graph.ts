import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";

const LINK = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3",
  import: ["@key", "@shareable", "@external", "@requires", "@provides"])`;

/** The subgraphs of the public gateway benchmarks (accounts, inventory, products, reviews). */
const SUBGRAPHS = {
  accounts: `type Query { me: User user(id: ID!): User users: [User] }
    type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }`,
  inventory: `type Product @key(fields: "upc") {
    upc: String! weight: Int @external price: Int @external inStock: Boolean
    shippingEstimate: Int @requires(fields: "price weight") }`,
  products: `type Query { topProducts(first: Int = 5): [Product] }
    type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }`,
  reviews: `type Review @key(fields: "id") { id: ID! body: String product: Product author: User @provides(fields: "username") }
    type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
    type Product @key(fields: "upc") { upc: String! reviews: [Review] }`,
} as const;

/** Its supergraph. @throws Error when it does not compose */
export function publicSupergraph(): string {
  const result = composeServices(
    Object.entries(SUBGRAPHS).map(([name, sdl]) => ({
      name,
      url: `http://${name}.invalid`,
      typeDefs: parse(`${LINK}\n${sdl}`),
    })),
  );
  if (result.supergraphSdl === undefined)
    throw new Error((result.errors ?? []).map(({ message }) => message).join("; "));
  return result.supergraphSdl;
}

/** Its query: entities that lead to entities, five levels deep. */
export const PUBLIC_QUERY = `fragment User on User { id username name }
fragment Review on Review { id body }
fragment Product on Product { inStock name price shippingEstimate upc weight }
query TestQuery {
  users { ...User reviews { ...Review product { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } } } }
  topProducts { ...Product reviews { ...Review author { ...User reviews { ...Review product { ...Product } } } } }
}`;

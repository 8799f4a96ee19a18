import { startChild } from "../processes/child.js";
import type { HandWrittenOrder } from "../servers/hand-written-process.js";
import type { PeerOrder } from "../servers/apollo-process.js";
import { PROFILE_QUERY } from "../workload/profile-query.js";
import { installPeers } from "./install-peers.js";
import type { Contender, Field, Running } from "./contender.js";
import { ourGateway } from "./our-gateway.js";

/** Everything is compared to this one. */
export const STOCK = "apollo";
/** What the answers of all others must be: the code that asks the subgraphs by hand. */
export const REFERENCE = "hand-written-in-process";

/** Every configuration, in the order of the table. */
export const CONTENDERS: readonly Contender[] = [
  ourGateway({ door: "general", subgraphs: "in process", scheme: "bearer" }),
  ourGateway({ door: "general", subgraphs: "over HTTP", scheme: "bearer" }),
  ourGateway({ door: "general", subgraphs: "in process", scheme: "dpop" }),
  ourGateway({ door: "lean", subgraphs: "in process", scheme: "bearer" }),
  ourGateway({ door: "lean", subgraphs: "over HTTP", scheme: "bearer" }),
  ourGateway({ door: "lean", subgraphs: "in process", scheme: "dpop" }),
  peer({
    id: STOCK,
    title: "Apollo Gateway in Apollo Server, standalone, no auth",
    file: "test/bench/engine/servers/apollo-process.ts",
    path: "/",
  }),
  peer({
    id: "mercurius",
    title: "Mercurius gateway with jit, no auth",
    file: "test/bench/peers/mercurius.mjs",
    path: "/graphql",
    unavailable: installPeers,
  }),
  peer({
    id: "hive",
    title: "Hive Gateway runtime with Rust planner, no auth",
    file: "test/bench/peers/hive.mjs",
    path: "/graphql",
    unavailable: installPeers,
  }),
  limit({
    id: "hand-written-fetching",
    title: "hand-written Fastify, undici to the same subgraphs, no auth",
    order: ({ subgraphUrls }) => ({ kind: "fetching", urls: subgraphUrls }),
  }),
  limit({
    id: REFERENCE,
    title: "hand-written Fastify, the subgraphs' executors in process, no auth",
    order: ({ subgraphs }) => ({ kind: "in-process", ...subgraphs }),
  }),
];

/** Fastify with a fixed reply as long as an answer: nothing in Node can be much faster. */
export function staticReply(text: string): Contender {
  return limit({
    id: "static",
    title: "Fastify, one fixed answer of the same size",
    order: () => ({ kind: "static", text }),
  });
}

function peer({
  id,
  title,
  file,
  path,
  unavailable,
}: Pick<Contender, "id" | "title" | "unavailable"> & {
  readonly file: string;
  readonly path: string;
}): Contender {
  return {
    id,
    title,
    kind: "peer",
    ...(unavailable === undefined ? {} : { unavailable }),
    start: ({ supergraphFile, subgraphUrls }, nodeOptions = []) => {
      const order: PeerOrder = { supergraphFile, subgraphUrls };
      return started({ file, order, nodeOptions, path });
    },
  };
}

function limit({
  id,
  title,
  order,
}: Pick<Contender, "id" | "title"> & { readonly order: (field: Field) => HandWrittenOrder }): Contender {
  const file = "test/bench/engine/servers/hand-written-process.ts";
  return {
    id,
    title,
    kind: "limit",
    start: (field, nodeOptions = []) => started({ file, order: order(field), nodeOptions, path: "/graphql" }),
  };
}

async function started({
  path,
  ...options
}: Parameters<typeof startChild>[0] & { readonly path: string }): Promise<Running> {
  const child = await startChild(options);
  return {
    pid: child.pid,
    origin: (child.ready as { readonly url: string }).url,
    path,
    body: (variables) => JSON.stringify({ query: PROFILE_QUERY, variables }),
    tokens: [],
    proofKey: undefined,
    ask: (message) => child.ask(message),
    stop: () => child.stop(),
  };
}

import { readFile } from "node:fs/promises";
import { ApolloGateway } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { serveOrder } from "../processes/serve-order.js";

/** A gateway that is given a supergraph file with the subgraphs' addresses in it. */
export interface PeerOrder {
  readonly supergraphFile: string;
  readonly subgraphUrls: Readonly<Record<string, string>>;
}

// As its documentation starts it: Apollo Gateway in Apollo Server, standalone, and nobody asked who they are.
serveOrder(async ({ supergraphFile }: PeerOrder) => {
  process.env["APOLLO_TELEMETRY_DISABLED"] = "1";
  const gateway = new ApolloGateway({ supergraphSdl: await readFile(supergraphFile, "utf8") });
  const server = new ApolloServer({ gateway, stopOnTerminationSignals: false });
  const { url } = await startStandaloneServer(server, { listen: { host: "127.0.0.1", port: 0 } });
  return { url: url.replace(/\/$/, "") };
});

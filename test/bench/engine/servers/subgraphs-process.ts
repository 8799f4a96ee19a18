import { createSubgraphServer } from "../../../../subgraphs/host/http.js";
import { serveOrder } from "../processes/serve-order.js";
import { openSubgraphs, type SubgraphsOptions } from "./open-subgraphs.js";

/** Where each subgraph listens. */
export interface SubgraphsReady {
  readonly urls: Readonly<Record<string, string>>;
}

// One process with all subgraphs, each on a port of its own: the same for every gateway that fetches over HTTP.
serveOrder(async (order: SubgraphsOptions): Promise<SubgraphsReady> => {
  const urls: Record<string, string> = {};
  for (const subgraph of await openSubgraphs(order)) {
    const server = createSubgraphServer(subgraph);
    urls[subgraph.name] = `${await server.listen({ host: "127.0.0.1", port: 0 })}/graphql`;
  }
  return { urls };
});

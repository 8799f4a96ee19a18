import { readFile } from "node:fs/promises";
import type { GraphQLSchema } from "graphql";
import { startFederation } from "../../gateway/fetch/federation.js";
import { readSupergraph } from "../../gateway/plan/index.js";
import { SUPERGRAPH_FILE } from "../../gateway/process/open-bureau.js";

/** The schema that clients see, of the supergraph as it is composed; nothing answers behind it. */
export async function readApiSchema(): Promise<GraphQLSchema> {
  const supergraph = readSupergraph(await readFile(SUPERGRAPH_FILE, "utf8"));
  return startFederation(supergraph, () => ({
    ask: () => Promise.reject(new Error("nothing answers here")),
  })).apiSchema;
}

import { readFile } from "node:fs/promises";
import type { GraphQLSchema } from "graphql";
import { startFederation } from "../../../gateway/process/engine/federation.js";
import { loadPlanner } from "../../../gateway/plan/load-planner.js";
import { readSupergraph } from "../../../gateway/plan/index.js";
import { SUPERGRAPH_FILE } from "../../../gateway/process/open-bureau.js";

/** The schema that clients see, of the supergraph as it is composed; nothing answers behind it. */
export async function readApiSchema(): Promise<GraphQLSchema> {
  const supergraph = readSupergraph(await readFile(SUPERGRAPH_FILE, "utf8"));
  const sourceOf = () => ({ ask: () => Promise.reject(new Error("nothing answers here")) });
  return startFederation(supergraph, { sourceOf, createPlanner: await loadPlanner("native") }).apiSchema;
}

import { buildASTSchema, parse } from "graphql";
import { findUndeclaredCosts } from "../../gateway/receive/cost-model.js";

/** Lists of the supergraph without a size, and sizes of what it has not: what a gateway would refuse to start on. */
export function lintCosts(supergraphSdl: string): readonly string[] {
  return findUndeclaredCosts(buildASTSchema(parse(supergraphSdl), { assumeValidSDL: true }));
}

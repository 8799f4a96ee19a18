import { parse, print } from "graphql";
import type { PolicyIndex } from "../policies.js";
import { readPolicies } from "./read-policies.js";
import { stripSecurity } from "./strip-security.js";

/** One supergraph, read once: an immutable value that a reload replaces as a whole. */
export interface Supergraph {
  /** The rules, which this gateway enforces. */
  readonly policies: PolicyIndex;
  /** The SDL for a planner that knows no rules. */
  readonly plannableSdl: string;
  /** Subgraph names, as in the supergraph's own list. */
  readonly subgraphs: readonly string[];
}

/**
 * Reads a composed supergraph.
 * @throws Error when it carries unknown security, no rules at all, or an unguarded root: serving it would fail open
 */
export function readSupergraph(sdl: string): Supergraph {
  const document = parse(sdl);
  const policies = readPolicies(document);
  const subgraphs = [...sdl.matchAll(/@join__graph\(name: "([^"]+)"/g)].map(([, name]) => name ?? "");
  requireGuardedRoots(document, policies);
  return { policies, plannableSdl: print(stripSecurity(document)), subgraphs };
}

function requireGuardedRoots(document: ReturnType<typeof parse>, policies: PolicyIndex): void {
  for (const definition of document.definitions) {
    if (definition.kind !== "ObjectTypeDefinition") continue;
    const type = definition.name.value;
    for (const field of definition.fields ?? []) {
      const coordinate = `${type}.${field.name.value}`;
      const guarded = policies.fields.has(coordinate) || policies.types.has(type);
      const isRoot = type === "Query" || type === "Mutation";
      const isMerchantField = type === "Merchant" && field.name.value !== "id";
      if ((isRoot || isMerchantField) && !guarded) throw new Error(`${coordinate} carries no rule`);
    }
  }
}

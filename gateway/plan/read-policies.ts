import { type ConstDirectiveNode, type DocumentNode, Kind } from "graphql";
import type { Policy, PolicyIndex } from "../policies.js";

const POLICY_SPEC = /^https:\/\/specs\.apollo\.dev\/policy\/v[0-9.]+$/;

/**
 * Reads every `@policy` of a supergraph. The directive's own name is taken from its `@link`, since it can be renamed.
 * @throws Error when the supergraph carries security that this gateway does not know: it would fail open
 */
export function readPolicies(supergraph: DocumentNode): PolicyIndex {
  const name = policyName(supergraph);
  const fields = new Map<string, Policy>();
  const types = new Map<string, Policy>();
  for (const definition of supergraph.definitions) {
    if (
      definition.kind !== Kind.OBJECT_TYPE_DEFINITION &&
      definition.kind !== Kind.INTERFACE_TYPE_DEFINITION &&
      definition.kind !== Kind.SCALAR_TYPE_DEFINITION &&
      definition.kind !== Kind.ENUM_TYPE_DEFINITION
    ) {
      continue;
    }
    const own = policyOf(definition.directives ?? [], name);
    if (own !== undefined) types.set(definition.name.value, own);
    if (!("fields" in definition)) continue;
    for (const field of definition.fields ?? []) {
      const policy = policyOf(field.directives ?? [], name);
      if (policy !== undefined) fields.set(`${definition.name.value}.${field.name.value}`, policy);
    }
  }
  return { fields, types };
}

function policyName(supergraph: DocumentNode): string | undefined {
  let name: string | undefined;
  for (const link of linksOf(supergraph)) {
    const url = argument(link, "url");
    const role = argument(link, "for");
    if (url !== undefined && POLICY_SPEC.test(url)) name = argument(link, "as") ?? "policy";
    else if (role === "SECURITY") throw new Error(`the supergraph links unknown security: ${url ?? "?"}`);
  }
  return name;
}

/** The `@link` uses of the schema definition and its extensions. */
export function linksOf(supergraph: DocumentNode): ConstDirectiveNode[] {
  return supergraph.definitions.flatMap((definition) =>
    definition.kind === Kind.SCHEMA_DEFINITION || definition.kind === Kind.SCHEMA_EXTENSION
      ? (definition.directives ?? []).filter((directive) => directive.name.value === "link")
      : [],
  );
}

function argument(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((node) => node.name.value === name)?.value;
  return value !== undefined && "value" in value && typeof value.value === "string" ? value.value : undefined;
}

function policyOf(directives: readonly ConstDirectiveNode[], name: string | undefined): Policy | undefined {
  const directive = directives.find((node) => node.name.value === name);
  const list = directive?.arguments?.find((node) => node.name.value === "policies")?.value;
  if (list?.kind !== Kind.LIST) return undefined;
  return list.values.map((alternative) =>
    alternative.kind === Kind.LIST
      ? alternative.values.map((term) => ("value" in term ? String(term.value) : ""))
      : ["value" in alternative ? String(alternative.value) : ""],
  );
}

import { type DocumentNode, Kind, type ObjectTypeDefinitionNode, parse, type TypeNode } from "graphql";
import type { PolicyIndex } from "../../gateway/policies.js";
import { readPolicies } from "../../gateway/plan/read-policies.js";
import { CATEGORIES } from "../../schema/categories.js";
import { PARTIES, SCOPES } from "../../schema/parties.js";
import type { ComposedSubgraph } from "./composed-subgraph.js";

const KNOWN_TERMS = new Set([
  ...CATEGORIES.flatMap((category) => [`consent:${category}`, `records:${category}`]),
  ...PARTIES.map((party) => `party:${party}`),
  ...SCOPES.map((scope) => `scope:${scope}`),
]);
/** Types of the join machinery, not of the graph. */
const MACHINERY = /^(join__|link__|policy__|core__|_)/;

/**
 * What only the whole shows: a rule that a subgraph carries and composition lost or changed, a term nobody knows, and
 * a field that says something of a merchant without any rule on it, on its type, or on every way to it.
 */
export function lintSupergraph(
  supergraphSdl: string,
  subgraphs: readonly ComposedSubgraph[],
): readonly string[] {
  const document = parse(supergraphSdl);
  const policies = readPolicies(document);
  return [
    ...lostRules(policies, subgraphs),
    ...unknownTerms(policies),
    ...loneRecords(policies),
    ...uncovered(document, policies),
  ];
}

function lostRules(policies: PolicyIndex, subgraphs: readonly ComposedSubgraph[]): string[] {
  const problems: string[] = [];
  for (const { name, sdl } of subgraphs) {
    const own = readLocalPolicies(parse(sdl));
    for (const [coordinate, terms] of own) {
      const kept = (coordinate.includes(".") ? policies.fields : policies.types).get(coordinate);
      const missing = terms.filter((term) => kept?.flat().includes(term) !== true);
      if (missing.length > 0)
        problems.push(`${name}: ${coordinate} lost ${missing.join(", ")} in composition`);
    }
  }
  return problems;
}

function readLocalPolicies(document: DocumentNode): ReadonlyMap<string, readonly string[]> {
  // In a subgraph the directive's name is `policy` by the subgraph lint; a synthetic link lets the same reader serve.
  const link = parse('extend schema @link(url: "https://specs.apollo.dev/policy/v0.1")').definitions;
  const index = readPolicies({ ...document, definitions: [...document.definitions, ...link] });
  return new Map(
    [...index.fields, ...index.types].map(([coordinate, policy]) => [coordinate, policy.flat()]),
  );
}

function unknownTerms(policies: PolicyIndex): string[] {
  return [...policies.fields, ...policies.types].flatMap(([coordinate, policy]) =>
    policy
      .flat()
      .filter((term) => !KNOWN_TERMS.has(term))
      .map((term) => `${coordinate}: nobody knows the term ${term}`),
  );
}

/** Records are a closer level of a category: a rule that names the level names the category beside it. */
function loneRecords(policies: PolicyIndex): string[] {
  return [...policies.fields, ...policies.types].flatMap(([coordinate, policy]) =>
    policy.flatMap((terms) =>
      terms
        .filter((term) => term.startsWith("records:"))
        .map((term) => term.slice("records:".length))
        .filter((category) => !terms.includes(`consent:${category}`))
        .map((category) => `${coordinate}: records:${category} stands without consent:${category}`),
    ),
  );
}

/**
 * A value type such as Metric needs no rule of its own while every field that returns it is covered. Coverage is the
 * least fixed point from below: a type is open as soon as one uncovered field reaches it.
 */
function uncovered(document: DocumentNode, policies: PolicyIndex): string[] {
  const types = document.definitions.filter(
    (definition): definition is ObjectTypeDefinitionNode =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION && !MACHINERY.test(definition.name.value),
  );
  const byName = new Map(types.map((type) => [type.name.value, type]));
  const reached = new Map<string, string>();
  const queue: string[] = ["Query", "Mutation", "Merchant"];
  const problems: string[] = [];
  while (queue.length > 0) {
    const type = byName.get(queue.pop() ?? "");
    if (type === undefined || policies.types.has(type.name.value)) continue;
    for (const field of type.fields ?? []) {
      const coordinate = `${type.name.value}.${field.name.value}`;
      if (policies.fields.has(coordinate) || coordinate === "Merchant.id") continue;
      problems.push(
        reached.has(type.name.value)
          ? `${coordinate} is reached without a rule, by ${reached.get(type.name.value)}`
          : `${coordinate} carries no rule`,
      );
      const target = nameOf(field.type);
      if (!reached.has(target)) {
        reached.set(target, coordinate);
        queue.push(target);
      }
    }
  }
  return problems;
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}

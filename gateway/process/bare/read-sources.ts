import { type DirectiveNode, Kind, parse, valueFromASTUntyped } from "graphql";

/**
 * Reads where the subgraphs of a supergraph are, by name.
 * @throws Error when a subgraph has no HTTP address, or the supergraph carries rules that nobody would keep
 */
export function readSources(supergraphSdl: string): ReadonlyMap<string, URL> {
  const sources = new Map<string, URL>();
  for (const definition of parse(supergraphSdl, { noLocation: true }).definitions) {
    if (definition.kind === Kind.SCHEMA_DEFINITION) requireNoRules(definition.directives ?? []);
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== "join__Graph") continue;
    for (const { directives = [] } of definition.values ?? []) {
      const { name, url } = argumentsOf(directives.find((node) => node.name.value === "join__graph"));
      sources.set(String(name), readUrl(String(name), url));
    }
  }
  return sources;
}

/** What is `@inaccessible` is in no API schema; every planner keeps that. */
const KEPT = /^https:\/\/specs\.apollo\.dev\/inaccessible\/v0\.\d+$/;

/** A link for security is one that a gateway has to understand or refuse (Link v1.0, link__Purpose). */
function requireNoRules(directives: readonly DirectiveNode[]): void {
  for (const directive of directives) {
    const link = argumentsOf(directive);
    if (directive.name.value !== "link" || link["for"] !== "SECURITY") continue;
    if (!KEPT.test(String(link["url"])))
      throw new Error(
        `the supergraph carries rules (${String(link["url"])}), which the engine alone does not keep`,
      );
  }
}

function readUrl(name: string, url: unknown): URL {
  if (typeof url !== "string" || !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ""))
    throw new Error(`the subgraph ${name} has no HTTP address`);
  return new URL(url);
}

function argumentsOf(directive: DirectiveNode | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    (directive?.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
  );
}

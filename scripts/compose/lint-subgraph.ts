import { type ConstDirectiveNode, type DocumentNode, Kind, parse } from "graphql";
import type { ComposedSubgraph } from "./composed-subgraph.js";

const FEDERATION = /^https:\/\/specs\.apollo\.dev\/federation\/v2\.[0-9]+$/;
const PROFILE_ROOTS = new Set(["Query.merchant", "Query.merchants", "Query.me"]);

/**
 * What a subgraph may not do before it is composed: define the directive itself, rename or forget its import (both
 * lose rules without a word in composition), leave a root or a merchant's field without a rule, reach a merchant by
 * another edge, or move a guarded value where composition does not look.
 */
export function lintSubgraph({ name, sdl }: ComposedSubgraph): readonly string[] {
  const document = parse(sdl);
  const problems = [...lintLinks(document), ...lintDefinitions(document), ...lintFields(document)];
  return problems.map((problem) => `${name}: ${problem}`);
}

function lintLinks(document: DocumentNode): string[] {
  const links = document.definitions
    .filter(
      (definition) => definition.kind === Kind.SCHEMA_EXTENSION || definition.kind === Kind.SCHEMA_DEFINITION,
    )
    .flatMap((definition) => definition.directives ?? [])
    .filter((directive) => directive.name.value === "link");
  const federation = links.filter((link) => FEDERATION.test(text(link, "url")));
  if (federation.length !== 1) return ["must link federation v2 exactly once"];
  const problems = links
    .filter((link) => !federation.includes(link))
    .map((link) => `links ${text(link, "url")}, which nothing here enforces`);
  if (text(federation[0] as ConstDirectiveNode, "as") !== "") problems.push("renames the federation link");
  const imports = federation[0]?.arguments?.find((argument) => argument.name.value === "import")?.value;
  const names = imports?.kind === Kind.LIST ? imports.values : [];
  if (names.some((value) => value.kind === Kind.OBJECT)) problems.push("renames an imported directive");
  if (!names.some((value) => value.kind === Kind.STRING && value.value === "@policy"))
    problems.push("does not import @policy");
  const allowed = new Set(["@key", "@shareable", "@external", "@requires", "@policy"]);
  for (const value of names) {
    if (value.kind === Kind.STRING && !allowed.has(value.value))
      problems.push(`imports ${value.value}, whose effect on rules is not checked`);
  }
  return problems;
}

function lintDefinitions(document: DocumentNode): string[] {
  return document.definitions.flatMap((definition) => {
    if (definition.kind === Kind.DIRECTIVE_DEFINITION) return [`defines @${definition.name.value} itself`];
    return [];
  });
}

function lintFields(document: DocumentNode): string[] {
  const problems: string[] = [];
  for (const definition of document.definitions) {
    const isObject =
      definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION;
    const isInterface =
      definition.kind === Kind.INTERFACE_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_EXTENSION;
    if (isInterface && definition.directives?.some(isPolicy) === true)
      problems.push(`interface ${definition.name.value} carries a rule; put it on the types`);
    if (!isObject && !isInterface) continue;
    const type = definition.name.value;
    const typeGuarded = definition.directives?.some(isPolicy) === true;
    for (const field of definition.fields ?? []) {
      const coordinate = `${type}.${field.name.value}`;
      // An external field is another subgraph's: its rule stands there, and composition joins the two.
      const isExternal = field.directives?.some((directive) => directive.name.value === "external") === true;
      const guarded = isExternal || typeGuarded || field.directives?.some(isPolicy) === true;
      const mustCarry =
        type === "Query" || type === "Mutation" || (type === "Merchant" && field.name.value !== "id");
      if (mustCarry && !guarded) problems.push(`${coordinate} carries no rule`);
      if (type === "Subscription") problems.push(`${coordinate}: subscriptions are not served`);
      if (named(field.type) === "Merchant" && !PROFILE_ROOTS.has(coordinate))
        problems.push(`${coordinate} reaches a merchant outside an inquiry`);
      if (isInterface && field.directives?.some(isPolicy) === true)
        problems.push(`${coordinate}: a rule on an interface field does not bind its types`);
    }
  }
  return problems;
}

function isPolicy(directive: ConstDirectiveNode): boolean {
  return directive.name.value === "policy";
}

function text(directive: ConstDirectiveNode, name: string): string {
  const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
  return value?.kind === Kind.STRING ? value.value : "";
}

function named(type: { kind: string; type?: unknown; name?: { value: string } }): string {
  return type.kind === Kind.NAMED_TYPE
    ? (type.name?.value ?? "")
    : named(type.type as Parameters<typeof named>[0]);
}

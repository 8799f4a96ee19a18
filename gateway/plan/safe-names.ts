import { type DocumentNode, Kind, type NameNode, visit } from "graphql";
import type { SafeNames } from "../graph/guarded-operation.js";
import type { AnswerError } from "../inquiry.js";

type Json = Readonly<Record<string, unknown>>;

/** The variable in which entities are named to subgraphs. */
const REPRESENTATIONS = "representations";

type Names = ReadonlyMap<string, string>;

/**
 * Entities are found by members such as `__typename` and `id` of what was fetched, and named to subgraphs in a variable. An
 * alias may bear the one name and a variable the other; then somebody else's value would be taken for the machinery's own.
 * Such aliases and variables travel under another name.
 */
export function safeNames(
  document: DocumentNode,
  machinery: ReadonlySet<string>,
): { readonly document: DocumentNode; readonly names: SafeNames } {
  const used = new Set<string>([REPRESENTATIONS]);
  const unsafeAliases = new Set<string>();
  let isUnsafeVariable = false;
  visit(document, {
    Field({ alias, name }) {
      used.add((alias ?? name).value);
      if (alias !== undefined && alias.value !== name.value && machinery.has(alias.value))
        unsafeAliases.add(alias.value);
    },
    Variable({ name }) {
      used.add(name.value);
      if (name.value === REPRESENTATIONS) isUnsafeVariable = true;
    },
  });
  if (unsafeAliases.size === 0 && !isUnsafeVariable)
    return { document, names: { key: same, variables: same, data: same, error: same } };
  const aliases = new Map([...unsafeAliases].map((alias) => [alias, unused(`own${alias}`, used)]));
  const variable = unused(`own${REPRESENTATIONS}`, used);
  const back = new Map([...aliases].map(([alias, safe]) => [safe, alias]));
  const names: SafeNames = {
    key: (responseKey) => aliases.get(responseKey) ?? responseKey,
    variables: ({ [REPRESENTATIONS]: moved, ...others }) =>
      moved === undefined ? others : { ...others, [variable]: moved },
    data: (data) => (back.size === 0 ? data : (renameMembers(data, back) as Json)),
    error: (error) => renamePath(error, back),
  };
  return { document: rename(document, aliases, variable), names };
}

/** Names by which entities are found in what was fetched. */
export function keyFieldsOf(supergraphSdl: string): ReadonlySet<string> {
  const keys = [...supergraphSdl.matchAll(/@join__type\([^)]*\bkey: "([^"]*)"/g)];
  return new Set(["__typename", ...keys.flatMap(([, fields = ""]) => fields.match(/\w+/g) ?? [])]);
}

function same<T>(value: T): T {
  return value;
}

function unused(wanted: string, used: ReadonlySet<string>): string {
  let name = wanted;
  while (used.has(name)) name += "_";
  return name;
}

function rename(document: DocumentNode, aliases: Names, variable: string): DocumentNode {
  const named = (value: string): NameNode => ({ kind: Kind.NAME, value });
  return visit(document, {
    Field(node) {
      const safe = node.alias?.value === node.name.value ? undefined : aliases.get(node.alias?.value ?? "");
      return safe === undefined ? undefined : { ...node, alias: named(safe) };
    },
    Variable: (node) =>
      node.name.value === REPRESENTATIONS ? { ...node, name: named(variable) } : undefined,
  });
}

function renameMembers(value: unknown, back: Names): unknown {
  if (Array.isArray(value)) return value.map((item) => renameMembers(item, back));
  if (typeof value !== "object" || value === null) return value;
  const renamed = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(value))
    renamed[back.get(name) ?? name] = renameMembers(member, back);
  return renamed;
}

function renamePath(error: AnswerError, back: Names): AnswerError {
  if (error.path === undefined || back.size === 0) return error;
  const path = error.path.map((step) => (typeof step === "string" ? (back.get(step) ?? step) : step));
  return { ...error, path };
}

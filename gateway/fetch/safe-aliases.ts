import { type DocumentNode, Kind, visit } from "graphql";
import type { AnswerError } from "../inquiry.js";
import { atPath } from "./put-back.js";

type Json = Readonly<Record<string, unknown>>;

/** An operation whose aliases the executor cannot mistake for its own keys, and the way back. */
export interface SafeOperation {
  readonly document: DocumentNode;
  readonly data: (data: Json) => Json;
  readonly error: (error: AnswerError) => AnswerError;
}

/**
 * The executor finds an entity by the members `__typename` and `id` of a result. An alias may bear these names for any
 * other field; then it would take the one for the other. Such aliases travel under another name.
 */
export function withSafeAliases(document: DocumentNode, machinery: ReadonlySet<string>): SafeOperation {
  const used = new Set<string>();
  const unsafe = new Set<string>();
  visit(document, {
    Field({ alias, name }) {
      used.add((alias ?? name).value);
      if (alias !== undefined && alias.value !== name.value && machinery.has(alias.value))
        unsafe.add(alias.value);
    },
  });
  if (unsafe.size === 0) return { document, data: (data) => data, error: (error) => error };
  const there = new Map<string, string>();
  for (const alias of unsafe) {
    let safe = `own${alias}`;
    while (used.has(safe)) safe += "_";
    there.set(alias, safe);
  }
  const back = new Map([...there].map(([alias, safe]) => [safe, alias]));
  return {
    document: rename(document, there),
    data: (data) => renameMembers(data, back) as Json,
    error: (error) => renamePath(error, back),
  };
}

function rename(document: DocumentNode, there: ReadonlyMap<string, string>): DocumentNode {
  return visit(document, {
    Field(node) {
      const safe = node.alias?.value === node.name.value ? undefined : there.get(node.alias?.value ?? "");
      return safe === undefined ? undefined : { ...node, alias: { kind: Kind.NAME, value: safe } };
    },
  });
}

function renameMembers(value: unknown, back: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renameMembers(item, back));
  if (typeof value !== "object" || value === null) return value;
  const renamed = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(value))
    renamed[back.get(name) ?? name] = renameMembers(member, back);
  return renamed;
}

function renamePath(error: AnswerError, back: ReadonlyMap<string, string>): AnswerError {
  if (error.path === undefined) return error;
  return atPath(
    error,
    error.path.map((step) => (typeof step === "string" ? (back.get(step) ?? step) : step)),
  );
}

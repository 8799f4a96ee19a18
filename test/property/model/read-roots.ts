import type { FieldNode } from "graphql";
import { categoriesIn, type Graph, type GraphField, namedType, type Rule } from "../graph.js";
import type { Asker } from "../world.js";
import type { ModelQuestion } from "./judge.js";
import { argumentsOf, gather, type ModelOperation } from "./read-operation.js";

/** One root field of the operation, by response key. */
export interface ModelRoot {
  readonly key: string;
  readonly name: string;
  readonly typeName: string;
  readonly field: GraphField | undefined;
  readonly nodes: readonly FieldNode[];
  /** Why it may not run for this asker. */
  readonly refusal: string | undefined;
  /** The merchant at each position, where it returns merchants. */
  readonly merchants: readonly string[];
  readonly isList: boolean;
}

export interface ModelRoots {
  readonly roots: readonly ModelRoot[];
  /** One for each merchant, in the order in which they are first asked about. */
  readonly questions: readonly ModelQuestion[];
}

/** A request that ends before anything is answered. */
export interface Ended {
  readonly code: "BAD_USER_INPUT" | "INQUIRY_CONFLICT";
}

/** Reads who is asked about, by whom and why. */
export function readRoots(graph: Graph, operation: ModelOperation, asker: Asker): ModelRoots | Ended {
  const typeName = operation.definition.operation === "mutation" ? "Mutation" : "Query";
  const type = graph.composites.get(typeName);
  const roots: ModelRoot[] = [];
  const asked: ModelQuestion[] = [];
  for (const [key, nodes] of gather(operation, typeName, [operation.definition.selectionSet])) {
    const name = nodes[0]?.name.value ?? "";
    const field = type?.fields.get(name);
    const refusal = refusalOf(field?.rule, asker);
    const isProfile = field !== undefined && namedType(field.type) === "Merchant" && refusal === undefined;
    const questions = isProfile ? questionsOf({ graph, operation, asker }, field, nodes) : [];
    asked.push(...questions);
    const merchants = questions.map(({ merchant }) => merchant);
    roots.push({ key, name, typeName, field, nodes, refusal, merchants, isList: name === "merchants" });
  }
  if (asked.some(({ purpose }) => purpose === "OWN_QUERY") && asker.party === "bank")
    return { code: "BAD_USER_INPUT" };
  return merge(asked);
  function merge(all: readonly ModelQuestion[]): ModelRoots | Ended {
    const merged = new Map<string, ModelQuestion>();
    for (const question of all) {
      const known = merged.get(question.merchant) ?? { ...question, asked: [], askedRecords: [] };
      if (known.purpose !== question.purpose || known.reference !== question.reference)
        return { code: "INQUIRY_CONFLICT" };
      merged.set(question.merchant, {
        ...known,
        asked: [...new Set([...known.asked, ...question.asked])],
        askedRecords: [...new Set([...known.askedRecords, ...question.askedRecords])],
      });
    }
    return { roots, questions: [...merged.values()] };
  }
}

/** A missing scope is named where the party would fit; any other caller is only told that it may not. */
function refusalOf(rule: Rule | undefined, asker: Asker): string | undefined {
  if (rule === undefined) return undefined;
  const scopes: readonly string[] = asker.scopes;
  const fits = (term: string) =>
    term.startsWith("scope:") ? scopes.includes(term.slice(6)) : term === `party:${asker.party}`;
  if (rule.some((terms) => terms.every(fits))) return undefined;
  const mine = rule.some((terms) => terms.includes(`party:${asker.party}`));
  return mine ? "INSUFFICIENT_SCOPE" : "FORBIDDEN";
}

interface Reading {
  readonly graph: Graph;
  readonly operation: ModelOperation;
  readonly asker: Asker;
}

function questionsOf(
  { graph, operation, asker }: Reading,
  field: GraphField,
  nodes: readonly FieldNode[],
): ModelQuestion[] {
  const terms = termsBelow(graph, operation, ["Merchant", nodes]);
  const found = categoriesIn([terms]);
  const levels = {
    // A merchant that is asked for nothing but its code is asked who it is.
    asked: found.length === 0 ? ["IDENTITY"] : found,
    askedRecords: categoriesIn([terms.filter((term) => term.startsWith("records:"))]),
  };
  if (field.name === "me")
    return [{ merchant: asker.id, purpose: "OWN_QUERY", reference: "own-file", ...levels }];
  const values = argumentsOf(operation, field, nodes[0] as FieldNode) as unknown as Listed & {
    readonly inquiries?: readonly Listed[];
  };
  const listed = values.inquiries ?? [values];
  return listed.map(({ id, purpose, reference }) => ({ merchant: id, purpose, reference, ...levels }));
}

interface Listed {
  readonly id: string;
  readonly purpose: string;
  readonly reference: string;
}

/** Terms in the order in which the selection first touches them, depth first. */
function termsBelow(
  graph: Graph,
  operation: ModelOperation,
  [typeName, nodes]: readonly [string, readonly FieldNode[]],
): readonly string[] {
  const type = graph.composites.get(typeName);
  const found: string[] = [];
  const sets = nodes.map((node) => node.selectionSet);
  for (const inner of gather(operation, typeName, sets).values()) {
    const field = type?.fields.get(inner[0]?.name.value ?? "");
    if (field === undefined) continue;
    for (const rule of [field.rule, type?.rule]) found.push(...(rule?.flat() ?? []));
    const target = namedType(field.type);
    if (graph.composites.has(target)) found.push(...termsBelow(graph, operation, [target, inner]));
  }
  return [...new Set(found)];
}

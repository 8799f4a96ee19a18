import { type FieldNode, Kind, type TypeNode } from "graphql";
import { categoriesIn, type Graph, type GraphField, namedType, type Rule } from "../graph.js";
import { at, below, isNothing, type Label, leafOf, lengthOf } from "../taint.js";
import type { Asker, World } from "../world.js";
import { judge, judgeOwn, type ModelQuestion, monthsOf, type Verdict, type WithheldItem } from "./judge.js";
import { argumentsOf, gather, type ModelOperation } from "./read-operation.js";
import { readRoots, type ModelRoot } from "./read-roots.js";

export interface PredictedError {
  readonly path: readonly (string | number)[] | undefined;
  readonly code: string;
  readonly category: string | undefined;
}

/** What the asker is told of one of its questions. */
export interface PredictedInquiry {
  readonly merchant: string;
  readonly purpose: string;
  readonly reference: string;
  readonly decision: string;
  readonly consentId: string | null;
  readonly remainingUses: number | null;
  readonly granted: readonly { readonly category: string; readonly level: string }[];
  readonly withheld: readonly WithheldItem[];
  readonly months: { readonly from: string; readonly until: string } | null;
  readonly accounts: readonly { readonly platform: string; readonly sellerId: string }[] | null;
  readonly stage: string | null;
}

/** The whole answer, as it must be. */
export interface Prediction {
  readonly status: number;
  /** `undefined` where the operation ends without data. */
  readonly data: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors: readonly PredictedError[];
  readonly inquiries: readonly PredictedInquiry[];
  /** By merchant: the terms that hold, for judging what subgraphs were asked. */
  readonly holds: ReadonlyMap<string, ReadonlySet<string>>;
  /** By merchant. */
  readonly questions: ReadonlyMap<string, ModelQuestion>;
}

const NOTHING = Symbol("nothing");

/** Predicts the answer to one operation of one asker in one world. */
export function predict(
  graph: Graph,
  operation: ModelOperation,
  { world, asker, now }: { readonly world: World; readonly asker: Asker; readonly now: Date },
): Prediction {
  const read = readRoots(graph, operation, asker);
  if ("code" in read) return failed(read.code);
  const verdicts = new Map(
    read.questions.map((question) => [
      question.merchant,
      question.purpose === "OWN_QUERY" ? judgeOwn(question) : judge(world.consents, asker, question),
    ]),
  );
  const answer = new Answer(graph, operation, { asker, verdicts });
  const data = answer.build(read.roots);
  return {
    status: 200,
    data,
    errors: answer.errors,
    inquiries: read.questions.map((question) => inquiryOf(question, verdicts, now)),
    holds: new Map([...verdicts].map(([merchant, { holds }]) => [merchant, holds])),
    questions: new Map(read.questions.map((question) => [question.merchant, question])),
  };
}

function failed(code: string): Prediction {
  const errors = [{ path: undefined, code, category: undefined }];
  return { status: 400, data: undefined, errors, inquiries: [], holds: new Map(), questions: new Map() };
}

function inquiryOf(
  question: ModelQuestion,
  verdicts: ReadonlyMap<string, Verdict>,
  now: Date,
): PredictedInquiry {
  const { merchant, purpose, reference, asked } = question;
  const verdict = verdicts.get(merchant);
  if (verdict === undefined) throw new Error(`no verdict on ${merchant}`);
  const { consent, inForce, holds, decision, withheld } = verdict;
  const isOpen = holds.size > 0 && consent !== undefined && inForce !== undefined;
  return {
    merchant,
    purpose,
    reference,
    decision,
    consentId: consent?.id ?? null,
    remainingUses: isOpen ? consent.agreed - consent.used - 1 : null,
    granted: asked
      .filter((category) => holds.has(`consent:${category}`))
      .map((category) => ({ category, level: holds.has(`records:${category}`) ? "RECORDS" : "SUMMARY" })),
    withheld,
    months: isOpen ? monthsBack(now, monthsOf(inForce, purpose)) : null,
    accounts: isOpen ? (consent.accounts ?? null) : null,
    stage: inForce?.stage ?? null,
  };
}

/** So many calendar months of Shanghai, the current one the last, as a half-open range. */
function monthsBack(now: Date, months: number): { from: string; until: string } {
  const local = new Date(now.getTime() + 8 * 3_600_000);
  const month = (shift: number) =>
    new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + shift, 1)).toISOString().slice(0, 7);
  return { from: month(1 - months), until: month(1) };
}

interface Standing {
  readonly asker: Asker;
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

/** One position of the answer under construction. */
interface Position {
  readonly path: readonly (string | number)[];
  readonly label: Label;
  readonly nodes: readonly FieldNode[];
  /** The verdict on the merchant around it; `undefined` outside one. */
  readonly verdict: Verdict | undefined;
}

class Answer {
  readonly errors: PredictedError[] = [];
  readonly #graph: Graph;
  readonly #operation: ModelOperation;
  readonly #standing: Standing;

  constructor(graph: Graph, operation: ModelOperation, standing: Standing) {
    this.#graph = graph;
    this.#operation = operation;
    this.#standing = standing;
  }

  build(roots: readonly ModelRoot[]): Readonly<Record<string, unknown>> | null {
    const out = emptyObject();
    let isNull = false;
    for (const root of roots) {
      const value = this.#root(root);
      if (value === NOTHING) isNull = true;
      out[root.key] = value;
    }
    return isNull ? null : out;
  }

  #root(root: ModelRoot): unknown {
    const path = [root.key];
    if (root.name === "__typename") return root.typeName;
    if (root.refusal !== undefined) {
      this.#withhold(path, root.refusal, undefined);
      return root.field?.type.kind === Kind.NON_NULL_TYPE ? NOTHING : null;
    }
    const { field, nodes } = root;
    if (field === undefined) throw new Error(`no field ${root.name}`);
    if (namedType(field.type) !== "Merchant") {
      const label = { category: "PARTY", owner: this.#standing.asker.id, trail: "" };
      const values = argumentsOf(this.#operation, field, nodes[0] as FieldNode);
      const position = { path, nodes, label: below(label, field.name, values), verdict: undefined };
      return this.#value(field.type, position);
    }
    if (!root.isList) return this.#merchant(root.merchants[0] ?? "", nodes, path);
    return root.merchants.map((merchant, i) => this.#merchant(merchant, nodes, [...path, i]));
  }

  #merchant(id: string, nodes: readonly FieldNode[], path: readonly (string | number)[]): unknown {
    const verdict = this.#standing.verdicts.get(id);
    if (verdict === undefined || verdict.holds.size === 0) {
      this.#withhold(path, verdict?.withheld[0]?.code ?? "CONSENT_REQUIRED", undefined);
      return null;
    }
    const label = { category: "MERCHANT", owner: id, trail: "" };
    const value = this.#object("Merchant", { path, nodes, label, verdict });
    return value === NOTHING ? null : value;
  }

  #object(typeName: string, position: Position): unknown {
    const type = this.#graph.composites.get(typeName);
    const out = emptyObject();
    let isNull = false;
    const sets = position.nodes.map((node) => node.selectionSet);
    for (const [key, nodes] of gather(this.#operation, typeName, sets)) {
      const name = nodes[0]?.name.value ?? "";
      const path = [...position.path, key];
      if (name === "__typename") {
        out[key] = typeName;
        continue;
      }
      const field = type?.fields.get(name);
      if (field === undefined) throw new Error(`no field ${typeName}.${name}`);
      const value = this.#field(field, { ...position, path, nodes }, [typeName, type?.rule]);
      if (value === NOTHING) isNull = true;
      out[key] = value;
    }
    return isNull ? NOTHING : out;
  }

  #field(field: GraphField, position: Position, [typeName, typeRule]: [string, Rule | undefined]): unknown {
    const { path, label, nodes, verdict } = position;
    const missing = this.#missing(field.rule, verdict) ?? this.#missing(typeRule, verdict);
    if (missing !== undefined) {
      const [category] = categoriesIn([[missing]]);
      const level = missing.startsWith("records:") ? "RECORDS" : "SUMMARY";
      const told = verdict?.withheld.find((item) => item.category === category && item.level === level);
      this.#withhold(path, told?.code ?? "FORBIDDEN", category);
      return field.type.kind === Kind.NON_NULL_TYPE ? NOTHING : null;
    }
    if (typeName === "Merchant" && field.name === "id") return label.owner;
    const own =
      typeName === "Merchant" ? { ...label, category: categoriesIn(field.rule)[0] ?? "NONE" } : label;
    const values = argumentsOf(this.#operation, field, nodes[0] as FieldNode);
    return this.#value(field.type, { ...position, label: below(own, field.name, values) });
  }

  /** The first term that fails, when every alternative has one. */
  #missing(rule: Rule | undefined, verdict: Verdict | undefined): string | undefined {
    const failing = rule?.map((terms) => terms.find((term) => !this.#holds(term, verdict)));
    return failing === undefined || failing.includes(undefined) ? undefined : failing[0];
  }

  #holds(term: string, verdict: Verdict | undefined): boolean {
    if (term.startsWith("party:")) return term === `party:${this.#standing.asker.party}`;
    return verdict?.holds.has(term) === true;
  }

  #value(type: TypeNode, position: Position): unknown {
    if (isNothing(type, position.label)) return null;
    const isRequired = type.kind === Kind.NON_NULL_TYPE;
    const inner = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
    const value = this.#present(inner, position);
    return value === NOTHING && !isRequired ? null : value;
  }

  #present(type: Exclude<TypeNode, { kind: Kind.NON_NULL_TYPE }>, position: Position): unknown {
    if (type.kind === Kind.LIST_TYPE) {
      const items = Array.from({ length: lengthOf(position.label) }, (_, i) =>
        this.#value(type.type, {
          ...position,
          path: [...position.path, i],
          label: at(position.label, i),
        }),
      );
      return items.includes(NOTHING) ? NOTHING : items;
    }
    const name = namedType(type);
    return this.#graph.composites.has(name)
      ? this.#object(name, position)
      : leafOf(this.#graph, type, position.label);
  }

  #withhold(path: readonly (string | number)[], code: string, category: string | undefined): void {
    this.errors.push({ path, code, category });
  }
}

/** Without a prototype: a response key may be called anything. */
function emptyObject(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

import {
  getNullableType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  visit,
} from "graphql";
import type { Category } from "../../schema/categories.js";
import { type Shape, type ShapeField, shapeOf } from "../graph/shape.js";
import type { AnswerError, Authorized, Fetched, Inquiry, Released, Withheld } from "../inquiry.js";
import { type FieldRules, objectionUnder, type PolicyIndex, rulesAt } from "../policies.js";
import { withheldError } from "./safe-error.js";

type Path = readonly (string | number)[];
type Json = Readonly<Record<string, unknown>>;

/** Signals that a non-null position holds nothing, so that its parent becomes null (GraphQL section 6.4.4). */
const NOTHING = Symbol("nothing");

const NO_CATEGORIES: ReadonlySet<Category> = new Set();

const NO_CONSENT = { code: "CONSENT_REQUIRED" as const };

/**
 * The fourth point of enforcement, fail closed: the answer is built anew from the operation as it was asked, and only
 * a value whose rules hold for the merchant at hand is copied, whatever a subgraph sent. A merchant is known by its
 * position under a root, never by what a subgraph says of it.
 */
export function release(fetched: Fetched, index: PolicyIndex): Released {
  const { authorized } = fetched;
  if (authorized.ended.length > 0)
    return {
      authorized,
      data: null,
      errors: [],
      categories: new Map(),
      records: new Map(),
    } as unknown as Released;
  return new Release(fetched, index).run();
}

class Release {
  readonly #fetched: Fetched;
  readonly #authorized: Authorized;
  readonly #index: PolicyIndex;
  /** The executor says that a source failed, not which of the fields it left empty. */
  readonly #isSourceDown: boolean;
  readonly #errors: AnswerError[] = [];
  readonly #categories = new Map<string, Set<Category>>();
  readonly #records = new Map<string, Set<Category>>();
  /** Where in the answer the walk stands; one array for all of it. */
  readonly #path: (string | number)[] = [];
  /** Of the merchant in which the walk stands. */
  #inquiry: Inquiry | undefined;

  constructor(fetched: Fetched, index: PolicyIndex) {
    this.#fetched = fetched;
    this.#authorized = fetched.authorized;
    this.#index = index;
    this.#isSourceDown = fetched.errors.some(isPathless);
  }

  run(): Released {
    const { operation } = this.#authorized;
    const type = operation.schema.getRootType(operation.definition.operation);
    const data =
      type == null ? null : this.#object(type, shapeOf(operation), (this.#fetched.data ?? {}) as Json);
    const released = {
      authorized: this.#authorized,
      data: data === NOTHING ? null : data,
      errors: this.#fetched.errors.length === 0 ? this.#errors : this.#withGiven(this.#fetched.errors),
      categories: data === NOTHING ? new Map() : this.#categories,
      records: data === NOTHING ? new Map() : this.#records,
    };
    return released as unknown as Released;
  }

  /** The errors of sources, as far as they may be told, after those of the release itself. */
  #withGiven(fetched: readonly AnswerError[]): readonly AnswerError[] {
    const own = new Set(this.#errors.map((error) => JSON.stringify(error.path)));
    const isPlaced = this.#errors.some((error) => error.extensions["code"] === "SOURCE_UNAVAILABLE");
    const keys = responseKeysOf(this.#authorized.operation);
    const given = fetched
      .map((error) => onAnswer(error, keys))
      .filter((error) => !coveredBy(own, error.path) && !(isPlaced && isPathless(error)));
    return [...this.#errors, ...given];
  }

  #object(type: GraphQLObjectType, shape: Shape | undefined, source: Json): Json | typeof NOTHING {
    const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    // The rest is still walked: which errors are told must not depend on the order of the selections.
    let isNothing = false;
    for (const field of shape?.fieldsOf(type, this.#authorized.operation.variables) ?? []) {
      const { responseKey } = field;
      if (field.name === "__typename") {
        out[responseKey] = type.name;
        continue;
      }
      if (field.type === undefined) {
        out[responseKey] = own(source, responseKey);
        continue;
      }
      this.#path.push(responseKey);
      const value = this.#field(type, field, source);
      this.#path.pop();
      if (value === NOTHING) isNothing = true;
      out[responseKey] = value;
    }
    return isNothing ? NOTHING : out;
  }

  #field(type: GraphQLObjectType, field: ShapeField, source: Json): unknown {
    const rules = rulesAt(this.#index, type.name, field.name);
    const refusal = this.#refusal(rules, field.responseKey);
    if (refusal !== undefined) this.#errors.push(withheldError(refusal, [...this.#path]));
    const given = refusal === undefined ? this.#given(type, field, source) : null;
    if (given == null && refusal === undefined && type.name === "Merchant" && rules.isOwn) this.#absent();
    const value = this.#value(field.type as GraphQLOutputType, field, given);
    if (value !== NOTHING && value != null && !rules.isOpen) this.#note(rules);
    return value;
  }

  /** What a source gave; a merchant's code is the one that was asked about, whatever a source says it is. */
  #given(type: GraphQLObjectType, { name, responseKey }: ShapeField, source: Json): unknown {
    if (name === "id" && type.name === "Merchant" && this.#inquiry !== undefined)
      return this.#inquiry.merchant;
    return own(source, responseKey);
  }

  #refusal(rules: FieldRules, responseKey: string): Withheld | undefined {
    const { principal, refusedRoots } = this.#authorized;
    if (this.#path.length === 1) {
      const refused = refusedRoots.find((root) => root.responseKey === responseKey);
      if (refused !== undefined) return refused.error;
    }
    if (rules.isOpen) return undefined;
    const inquiry = this.#inquiry;
    const granted = inquiry?.granted ?? NO_CATEGORIES;
    const records = inquiry?.records ?? NO_CATEGORIES;
    const objection = objectionUnder(rules, { principal, granted, records });
    if (objection === undefined) return undefined;
    if (objection.kind === "party") return objection.error;
    const withheld = objection.kind === "records" ? inquiry?.withheldRecords : inquiry?.withheld;
    const { category } = objection;
    return withheld?.get(category as Category) ?? { ...NO_CONSENT, facts: { category } };
  }

  #value(type: GraphQLOutputType, field: ShapeField, given: unknown): unknown {
    const isRequired = isNonNullType(type);
    const value = this.#nullable(isRequired ? getNullableType(type) : type, field, given);
    if (value !== NOTHING && value != null) return value;
    return isRequired ? NOTHING : null;
  }

  #nullable(type: GraphQLOutputType, field: ShapeField, given: unknown): unknown {
    if (isLeafType(type)) return isLeafValue(given) ? given : null;
    if (isListType(type)) return this.#list(type.ofType as GraphQLOutputType, field, given);
    if (isObjectType(type) && type.name === "Merchant") return this.#merchant(type, field, given);
    if (typeof given !== "object" || given === null) return null;
    const concrete = isObjectType(type) ? type : this.#concrete(type, given as Json);
    return concrete === undefined ? null : this.#object(concrete, field.inner, given as Json);
  }

  #list(itemType: GraphQLOutputType, field: ShapeField, given: unknown): unknown {
    const list = Array.isArray(given) ? (given as readonly unknown[]) : undefined;
    const length = list?.length ?? this.#positions();
    if (length === undefined) return null;
    const items: unknown[] = [];
    let isNothing = false;
    for (let i = 0; i < length; i += 1) {
      this.#path.push(i);
      const value = this.#value(itemType, field, list?.[i] ?? null);
      this.#path.pop();
      if (value === NOTHING) isNothing = true;
      items.push(value);
    }
    return isNothing ? NOTHING : items;
  }

  #merchant(type: GraphQLObjectType, field: ShapeField, given: unknown): unknown {
    const inquiry = this.#inquiryHere();
    if (inquiry === undefined) return null;
    if (inquiry.granted.size === 0) {
      const first = inquiry.withheld.values().next().value ?? { ...NO_CONSENT, facts: {} };
      const { category: _category, ...facts } = first.facts;
      this.#errors.push(withheldError({ code: first.code, facts }, [...this.#path]));
      return null;
    }
    if (typeof given !== "object" || given === null) return this.#absent();
    this.#inquiry = inquiry;
    const value = this.#object(type, field.inner, given as Json);
    this.#inquiry = undefined;
    return value;
  }

  /** Merchants stand directly under a root field, or one list below it; anywhere else they are nobody's answer. */
  #inquiryHere(): Inquiry | undefined {
    const [responseKey, position] = this.#path;
    if (this.#path.length > 2 || this.#inquiry !== undefined) return undefined;
    const merchant = this.#authorized.positions.get(String(responseKey))?.[
      typeof position === "number" ? position : 0
    ];
    return merchant === undefined ? undefined : this.#authorized.inquiries.get(merchant);
  }

  /** What was granted and is not there because its source failed carries the error on its own path. */
  #absent(): null {
    if (!this.#isSourceDown) return null;
    const path = [...this.#path];
    const isKnown = this.#fetched.errors.some(
      (error) => error.path !== undefined && isPrefix(error.path, path),
    );
    if (!isKnown) this.#errors.push(withheldError({ code: "SOURCE_UNAVAILABLE", facts: {} }, path));
    return null;
  }

  #positions(): number | undefined {
    const [responseKey] = this.#path;
    return this.#path.length === 1 ? this.#authorized.positions.get(String(responseKey))?.length : undefined;
  }

  #concrete(type: GraphQLOutputType, value: Json): GraphQLObjectType | undefined {
    if (!isAbstractType(type)) return undefined;
    const possible = this.#authorized.operation.schema.getType(String(own(value, "__typename")));
    return isObjectType(possible) && this.#authorized.operation.schema.isSubType(type, possible)
      ? possible
      : undefined;
  }

  #note({ needs }: FieldRules): void {
    if (this.#inquiry === undefined) return;
    const { merchant } = this.#inquiry;
    add(this.#categories, merchant, needs.categories);
    add(this.#records, merchant, needs.records);
  }
}

function add(to: Map<string, Set<Category>>, merchant: string, categories: ReadonlySet<Category>): void {
  const known = to.get(merchant) ?? new Set();
  for (const category of categories) known.add(category);
  to.set(merchant, known);
}

function own(source: Json, key: string): unknown {
  return Object.hasOwn(source, key) ? source[key] : null;
}

/** No scalar of the graph is an object; what a source puts in its place is no value. */
function isLeafValue(given: unknown): boolean {
  return given !== undefined && typeof given !== "object";
}

function responseKeysOf({ document }: Authorized["operation"]): ReadonlySet<string> {
  const keys = new Set<string>();
  visit(document, { Field: ({ alias, name }) => void keys.add((alias ?? name).value) });
  return keys;
}

/** A path is made of the answer's own keys and positions; any other would carry a source's words to the asker. */
function onAnswer(error: AnswerError, keys: ReadonlySet<string>): AnswerError {
  const isOwn = error.path?.every((step) => typeof step === "number" || keys.has(step)) ?? true;
  const { path: _path, ...pathless } = error;
  return isOwn ? error : pathless;
}

/** A source's error below a position that is withheld anyway would say something about what is behind it. */
function coveredBy(withheld: ReadonlySet<string>, path: Path | undefined): boolean {
  if (path === undefined || withheld.size === 0) return false;
  return path.some((_, i) => withheld.has(JSON.stringify(path.slice(0, i + 1))));
}

function isPathless(error: AnswerError): boolean {
  return error.path === undefined && error.extensions["code"] === "SOURCE_UNAVAILABLE";
}

function isPrefix(shorter: Path, longer: Path): boolean {
  return shorter.length <= longer.length && shorter.every((step, i) => step === longer[i]);
}

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
import type { AnswerError, Authorized, Fetched, Inquiry, Released } from "../inquiry.js";
import type { PolicyIndex } from "../policies.js";
import { needsOf, objectionTo } from "../policies.js";
import { type Shape, shapeOf } from "../shape/shape.js";
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
      type == null
        ? null
        : this.#object({
            type,
            shape: shapeOf(operation),
            value: this.#fetched.data ?? {},
            path: [],
            inquiry: undefined,
          });
    const own = new Set(this.#errors.map((error) => JSON.stringify(error.path)));
    const isPlaced = this.#errors.some((error) => error.extensions["code"] === "SOURCE_UNAVAILABLE");
    const keys = this.#fetched.errors.length === 0 ? new Set<string>() : responseKeysOf(operation);
    const given = this.#fetched.errors
      .map((error) => onAnswer(error, keys))
      .filter((error) => !coveredBy(own, error.path) && !(isPlaced && isPathless(error)));
    const errors = [...this.#errors, ...given];
    const released = {
      authorized: this.#authorized,
      data: data === NOTHING ? null : data,
      errors,
      categories: data === NOTHING ? new Map() : this.#categories,
      records: data === NOTHING ? new Map() : this.#records,
    };
    return released as unknown as Released;
  }

  #object(at: At): Json | typeof NOTHING {
    const out: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    const source = at.value as Json;
    // The rest is still walked: which errors are told must not depend on the order of the selections.
    let isNothing = false;
    for (const asked of at.shape?.fieldsOf(at.type) ?? []) {
      if (!asked.isIncluded(this.#authorized.operation.variables)) continue;
      const { responseKey: key, name } = asked;
      if (name === "__typename") {
        out[key] = at.type.name;
        continue;
      }
      const path = [...at.path, key];
      const field = at.type.getFields()[name];
      if (field === undefined) {
        out[key] = Object.hasOwn(source, key) ? source[key] : null;
        continue;
      }
      const refusal = this.#refusal(at, name, key);
      if (refusal !== undefined) this.#errors.push(withheldError(refusal, path));
      const given = refusal === undefined ? givenAt(at, name, key) : null;
      if (given == null && refusal === undefined && this.#isProfileField(at.type, name)) this.#absent(path);
      const value = this.#value(field.type, { shape: asked.inner, value: given, path, inquiry: at.inquiry });
      if (value === NOTHING) isNothing = true;
      else if (value != null) this.#note(at, name);
      out[key] = value;
    }
    return isNothing ? NOTHING : out;
  }

  #refusal(at: At, name: string, key: string) {
    const { principal, refusedRoots } = this.#authorized;
    if (at.path.length === 0) {
      const refused = refusedRoots.find((root) => root.responseKey === key);
      if (refused !== undefined) return refused.error;
    }
    const { granted, records } = at.inquiry ?? { granted: NO_CATEGORIES, records: NO_CATEGORIES };
    const objection = objectionTo(this.#index, [at.type.name, name], { principal, granted, records });
    if (objection === undefined) return undefined;
    if (objection.kind === "party") return objection.error;
    const withheld = objection.kind === "records" ? at.inquiry?.withheldRecords : at.inquiry?.withheld;
    const { category } = objection;
    return withheld?.get(category as Category) ?? { ...NO_CONSENT, facts: { category } };
  }

  #value(type: GraphQLOutputType, at: Omit<At, "type">): unknown {
    const inner = getNullableType(type);
    const value = this.#nullable(inner, at);
    const isNothing = value === NOTHING || value == null;
    if (isNonNullType(type)) return isNothing ? NOTHING : value;
    return isNothing ? null : value;
  }

  #nullable(type: GraphQLOutputType, at: Omit<At, "type">): unknown {
    if (isListType(type)) {
      const list = Array.isArray(at.value) ? at.value : undefined;
      const length = list?.length ?? this.#positions(at);
      if (length === undefined) return null;
      const items = Array.from({ length }, (_, i) =>
        this.#value(type.ofType as GraphQLOutputType, {
          ...at,
          value: list?.[i] ?? null,
          path: [...at.path, i],
        }),
      );
      return items.includes(NOTHING) ? NOTHING : items;
    }
    if (isObjectType(type) && type.name === "Merchant") return this.#merchant(type, at);
    if (at.value == null) return null;
    if (isLeafType(type)) return at.value;
    if (typeof at.value !== "object") return null;
    const concrete = isObjectType(type) ? type : this.#concrete(type, at.value as Json);
    return concrete === undefined ? null : this.#object({ ...at, type: concrete });
  }

  #merchant(type: GraphQLObjectType, at: Omit<At, "type">): unknown {
    const inquiry = this.#inquiryAt(at);
    if (inquiry === undefined) return null;
    if (inquiry.granted.size === 0) {
      const first = inquiry.withheld.values().next().value ?? { ...NO_CONSENT, facts: {} };
      const { category: _category, ...facts } = first.facts;
      this.#errors.push(withheldError({ code: first.code, facts }, at.path));
      return null;
    }
    if (at.value == null) return this.#absent(at.path);
    const given = at.value as Json;
    return this.#object({ ...at, type, value: given, inquiry });
  }

  /** Merchants stand directly under a root field, or one list below it; anywhere else they are nobody's answer. */
  #inquiryAt(at: Omit<At, "type">): Inquiry | undefined {
    const [responseKey, position, ...deeper] = at.path;
    if (deeper.length > 0 || at.inquiry !== undefined) return undefined;
    const merchant = this.#authorized.positions.get(String(responseKey))?.[
      typeof position === "number" ? position : 0
    ];
    return merchant === undefined ? undefined : this.#authorized.inquiries.get(merchant);
  }

  /** What was granted and is not there because its source failed carries the error on its own path. */
  #absent(path: Path): null {
    const isKnown = this.#fetched.errors.some(
      (error) => error.path !== undefined && isPrefix(error.path, path),
    );
    if (this.#isSourceDown && !isKnown)
      this.#errors.push(withheldError({ code: "SOURCE_UNAVAILABLE", facts: {} }, path));
    return null;
  }

  #positions(at: Omit<At, "type">): number | undefined {
    return at.path.length === 1 ? this.#authorized.positions.get(String(at.path[0]))?.length : undefined;
  }

  #concrete(type: GraphQLOutputType, value: Json): GraphQLObjectType | undefined {
    if (!isAbstractType(type)) return undefined;
    const possible = this.#authorized.operation.schema.getType(String(value["__typename"]));
    return isObjectType(possible) && this.#authorized.operation.schema.isSubType(type, possible)
      ? possible
      : undefined;
  }

  #isProfileField(type: GraphQLObjectType, name: string): boolean {
    return type.name === "Merchant" && this.#index.fields.has(`Merchant.${name}`);
  }

  #note(at: At, name: string): void {
    if (at.inquiry === undefined) return;
    const { merchant } = at.inquiry;
    const categories = this.#categories.get(merchant) ?? new Set();
    const records = this.#records.get(merchant) ?? new Set();
    const needs = needsOf(this.#index, at.type.name, name);
    for (const category of needs.categories) categories.add(category);
    for (const category of needs.records) records.add(category);
    this.#categories.set(merchant, categories);
    this.#records.set(merchant, records);
  }
}

interface At {
  readonly type: GraphQLObjectType;
  readonly shape: Shape | undefined;
  readonly value: unknown;
  readonly path: Path;
  readonly inquiry: Inquiry | undefined;
}

/** What a source gave; a merchant's code is the one that was asked about, whatever a source says it is. */
function givenAt(at: At, name: string, key: string): unknown {
  if (at.type.name === "Merchant" && name === "id" && at.inquiry !== undefined) return at.inquiry.merchant;
  const source = at.value as Json;
  return Object.hasOwn(source, key) ? source[key] : null;
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

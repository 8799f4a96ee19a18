import {
  type FieldNode,
  getArgumentValues,
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  isCompositeType,
  isObjectType,
} from "graphql";
import {
  CURRENCIES,
  FIELD_WEIGHT,
  INTROSPECTION_WEIGHT,
  type ListSize,
  PAGE_SIZE,
  WINDOW_MONTHS,
} from "../../schema/budgets/costs.js";
import type { Operation } from "../inquiry.js";
import { type Shape, type ShapeField, shapeOf } from "../shape/shape.js";
import { type CostModel, hasList } from "./cost-model.js";

/** Costs stop growing here instead of overflowing; no budget is as large. */
export const COST_SATURATED = 1_000_000_000;

/** An operation with its price. */
export interface PricedOperation {
  /** What the answer can cost at most, from the operation and its variables alone. */
  readonly estimated: number;
  /** What an answer of this operation does cost, by the same weights. */
  measure(data: unknown): number;
}

/** A field of the answer: what it weighs, and the objects that can stand below it. */
interface PricedField {
  readonly key: string;
  readonly weight: number;
  /** By concrete type; empty for a leaf. */
  readonly below: ReadonlyMap<string, PricedObject>;
}

interface PricedObject {
  readonly weight: number;
  readonly fields: readonly PricedField[];
}

/** What the fields above say of the lists below. */
interface Frame {
  readonly page: number;
  readonly months: number;
  readonly currencies: number;
}

/**
 * Prices an operation in one walk over its expanded selections, whose number `receive/` bounds. Selections that `@skip` and
 * `@include` leave out weigh nothing, for they are not run; fields that merge weigh once, aliases each. An abstract type
 * weighs as its costliest object.
 */
export function priceOperation(model: CostModel, operation: Operation): PricedOperation {
  const root = operation.schema.getRootType(operation.definition.operation);
  if (root == null) return { estimated: 0, measure: () => 0 };
  const frame = { page: PAGE_SIZE, months: WINDOW_MONTHS.default, currencies: CURRENCIES };
  const { cost, priced } = new Pricing(model, operation).object(root, shapeOf(operation), frame);
  return { estimated: cost, measure: (data) => measureObject(priced, data) };
}

class Pricing {
  readonly #model: CostModel;
  readonly #operation: Operation;

  constructor(model: CostModel, operation: Operation) {
    this.#model = model;
    this.#operation = operation;
  }

  object(
    type: GraphQLObjectType,
    shape: Shape | undefined,
    frame: Frame,
  ): { readonly cost: number; readonly priced: PricedObject } {
    const weight = this.#model.objectWeightOf(type.name);
    const fields: PricedField[] = [];
    let cost = weight;
    for (const asked of shape?.fieldsOf(type) ?? []) {
      if (!asked.isIncluded(this.#operation.variables)) continue;
      const field = this.#field(type, asked, frame);
      fields.push(field.priced);
      cost = saturated(cost + field.cost);
    }
    return { cost, priced: { weight, fields } };
  }

  #field(
    type: GraphQLObjectType,
    { responseKey: key, name, node, inner }: ShapeField,
    above: Frame,
  ): { readonly cost: number; readonly priced: PricedField } {
    const field = type.getFields()[name];
    if (field === undefined) {
      const weight = name === "__typename" ? FIELD_WEIGHT : INTROSPECTION_WEIGHT;
      return { cost: weight, priced: { key, weight, below: new Map() } };
    }
    const weight = this.#model.weightOf(type.name, name);
    const named = getNamedType(field.type);
    if (!isCompositeType(named)) return { cost: weight, priced: { key, weight, below: new Map() } };
    const args = this.#argumentsOf(field, node);
    const frame = frameBelow(args, above);
    const below = new Map<string, PricedObject>();
    let dearest = 0;
    for (const possible of isObjectType(named) ? [named] : this.#operation.schema.getPossibleTypes(named)) {
      const { cost, priced } = this.object(possible, inner, frame);
      below.set(possible.name, priced);
      dearest = Math.max(dearest, cost);
    }
    const size = hasList(field.type) ? lengthOf(this.#model.sizeOf(type.name, name), args, frame) : 1;
    return { cost: saturated(weight + size * dearest), priced: { key, weight, below } };
  }

  #argumentsOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Readonly<Record<string, unknown>> {
    return field.args.length === 0 ? {} : getArgumentValues(field, node, this.#operation.variables);
  }
}

function frameBelow(args: Readonly<Record<string, unknown>>, above: Frame): Frame {
  return {
    page: "first" in args ? pageOf(args["first"]) : above.page,
    months: "window" in args ? monthsOf(args["window"]) : above.months,
    currencies: typeof args["currency"] === "string" ? 1 : above.currencies,
  };
}

function pageOf(first: unknown): number {
  return typeof first === "number" && first >= 0 ? first : PAGE_SIZE;
}

/** A window without an end reaches to now, which is not known here: it counts as the longest that there is. */
function monthsOf(window: unknown): number {
  const { months, from, until } = (window ?? {}) as Readonly<Record<string, unknown>>;
  const { default: usual, most } = WINDOW_MONTHS;
  if (typeof months === "number") return months >= 1 && months <= most ? months : most;
  if (from == null && until == null) return usual;
  const width = indexOf(until) - indexOf(from);
  return width >= 1 && width <= most ? width : most;
}

/** Months since year 0 of `YYYY-MM`; not a number for anything else. */
function indexOf(month: unknown): number {
  const [, year, index] = /^(\d{4})-(\d{2})$/.exec(typeof month === "string" ? month : "") ?? [];
  return Number(year) * 12 + Number(index);
}

function lengthOf(size: ListSize | undefined, args: Readonly<Record<string, unknown>>, frame: Frame): number {
  if (size === undefined) return frame.page;
  const times = size.perCurrency === true ? frame.currencies : 1;
  if ("perMonth" in size) return size.perMonth * frame.months * times;
  const given = size.argument === undefined ? undefined : args[size.argument];
  return (Array.isArray(given) ? given.length : size.most) * times;
}

function measureObject(priced: PricedObject, data: unknown): number {
  if (typeof data !== "object" || data === null) return 0;
  let cost = priced.weight;
  for (const { key, weight, below } of priced.fields) {
    if (!Object.hasOwn(data, key)) continue;
    const value = (data as Readonly<Record<string, unknown>>)[key];
    cost = saturated(cost + weight + (below.size === 0 ? 0 : measureBelow(below, value)));
  }
  return cost;
}

function measureBelow(below: ReadonlyMap<string, PricedObject>, value: unknown): number {
  if (Array.isArray(value)) {
    let cost = 0;
    for (const item of value) cost = saturated(cost + measureBelow(below, item));
    return cost;
  }
  let dearest = 0;
  for (const priced of below.values()) dearest = Math.max(dearest, measureObject(priced, value));
  return dearest;
}

function saturated(cost: number): number {
  return Math.min(COST_SATURATED, cost);
}

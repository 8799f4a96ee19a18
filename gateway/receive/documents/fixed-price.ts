import { Kind, type OperationDefinitionNode, visit } from "graphql";
import { LIST_SIZES } from "../../../schema/budgets/costs.js";
import type { Operation } from "../../inquiry.js";
import type { CostModel } from "../cost-model.js";
import { type PricedOperation, priceOperation } from "../price-operation.js";

/** Arguments that say how long a list can be; all others change nothing of a price. */
const SIZING: ReadonlySet<string> = new Set([
  "first",
  "window",
  "currency",
  ...Object.values(LIST_SIZES).flatMap((size) =>
    "argument" in size && size.argument !== undefined ? [size.argument] : [],
  ),
]);

type Prices = WeakMap<OperationDefinitionNode, PricedOperation | "varies">;

/** By the nodes of documents that are kept: trusted ones, and those that Apollo remembers. They go when the documents go. */
const known = new WeakMap<CostModel, Prices>();

/**
 * The price of an operation, worked out once for a document whose variables say nothing of it, which most trusted documents
 * are: a profile costs the same whomever it is about.
 */
export function priceOnce(model: CostModel, operation: Operation): PricedOperation {
  const prices: Prices = known.get(model) ?? new WeakMap();
  known.set(model, prices);
  const price = prices.get(operation.definition) ?? priceIfFixed(model, operation);
  prices.set(operation.definition, price);
  return price === "varies" ? priceOperation(model, operation) : price;
}

function priceIfFixed(model: CostModel, operation: Operation): PricedOperation | "varies" {
  return hasFixedPrice(operation) ? priceOperation(model, operation) : "varies";
}

/** False where a variable stands in a directive, which may leave selections out, or in an argument that sizes a list. */
function hasFixedPrice({ document }: Operation): boolean {
  let sizing = 0;
  let isFixed = true;
  visit(document, {
    enter: (node) => {
      if (node.kind === Kind.DIRECTIVE || (node.kind === Kind.ARGUMENT && SIZING.has(node.name.value)))
        sizing += 1;
      if (node.kind === Kind.VARIABLE && sizing > 0) isFixed = false;
    },
    leave: (node) => {
      if (node.kind === Kind.DIRECTIVE || (node.kind === Kind.ARGUMENT && SIZING.has(node.name.value)))
        sizing -= 1;
    },
  });
  return isFixed;
}

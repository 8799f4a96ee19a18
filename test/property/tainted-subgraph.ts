import { Kind, type TypeNode } from "graphql";
import type { Subgraph } from "../../schema/subgraph.js";
import { subgraphFromSdl } from "../../subgraphs/host/build-subgraph.js";
import type { SubgraphContext } from "../../subgraphs/host/context.js";
import type { PermitVerifier } from "../../subgraphs/host/permit.js";
import { categoriesIn, type Graph, type GraphField, namedType, readGraph } from "./graph.js";
import { at, below, isNothing, type Label, leafOf, lengthOf } from "./taint.js";

/** Told which category of which merchant a resolver was about to answer, and for whom. */
export type Touched = (asker: string, merchant: string, category: string) => void;

interface Holder {
  readonly label: Label;
}

type Resolve = (source: unknown, values: Record<string, unknown>, context: SubgraphContext) => unknown;

/**
 * A subgraph with the real schema on the real floor (permits, guards, executor) whose every field answers with its own
 * name, category and merchant. Its resolvers ask no permission: whatever stops them is the floor or the gateway.
 */
export function taintedSubgraph(
  real: { readonly name: string; readonly sdl: string },
  verifyPermit: PermitVerifier,
  touched: Touched,
): Subgraph {
  const graph = readGraph(real.sdl);
  const resolvers: Record<string, Record<string, unknown>> = {};
  for (const type of graph.composites.values()) {
    const own: Record<string, unknown> = {};
    for (const field of type.fields.values()) own[field.name] = resolverOf(graph, type.name, field, touched);
    resolvers[type.name] = own;
  }
  const merchant = resolvers["Merchant"];
  if (merchant !== undefined) {
    merchant["id"] = ({ id }: { readonly id: string }) => id;
    merchant["__resolveReference"] = ({ id }: { readonly id: string }) => ({ id });
  }
  return subgraphFromSdl({ name: real.name, sdl: real.sdl, resolvers, verifyPermit });
}

function resolverOf(graph: Graph, typeName: string, field: GraphField, touched: Touched): Resolve {
  const isMerchant = namedType(field.type) === "Merchant";
  if (isMerchant) return merchantRoot;
  if (typeName === "Query" || typeName === "Mutation") {
    return (_source, values, { permit }) => {
      const label = { category: "PARTY", owner: permit.principal.id, trail: "" };
      return valueOf(graph, field.type, below(label, field.name, values));
    };
  }
  if (typeName === "Merchant") {
    const category = categoriesIn(field.rule)[0] ?? "NONE";
    return (source, values, { permit }) => {
      const { id } = source as { readonly id: string };
      touched(permit.principal.id, id, category);
      return valueOf(graph, field.type, below({ category, owner: id, trail: "" }, field.name, values));
    };
  }
  return (source, values) => valueOf(graph, field.type, below((source as Holder).label, field.name, values));
}

function merchantRoot(
  _source: unknown,
  values: Record<string, unknown>,
  { permit }: SubgraphContext,
): unknown {
  const { id, inquiries } = values as { id?: string; inquiries?: readonly { readonly id: string }[] };
  if (inquiries !== undefined) return inquiries.map((inquiry) => ({ id: inquiry.id }));
  return { id: id ?? permit.principal.id };
}

function valueOf(graph: Graph, type: TypeNode, label: Label): unknown {
  if (isNothing(type, label)) return null;
  const inner = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
  if (inner.kind === Kind.LIST_TYPE) {
    return Array.from({ length: lengthOf(label) }, (_, i) => valueOf(graph, inner.type, at(label, i)));
  }
  return graph.composites.has(namedType(inner)) ? { label } : leafOf(graph, inner, label);
}

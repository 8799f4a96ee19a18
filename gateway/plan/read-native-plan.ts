import type {
  EntityBatchAlias,
  FetchNode,
  FetchRewrite,
  FlattenNodePathSegment,
  PlanNode,
  QueryPlan,
  RequiresSelection,
} from "@graphql-hive/router-query-planner";
import type {
  EntityTarget,
  FetchStep,
  PathStep,
  Plan,
  PlanStep,
  RequiredSelection,
  Rewrite,
  RewriteStep,
} from "../graph/plan.js";

/**
 * Reads the native planner's plan into ours.
 * @throws Error at anything that is not understood: a part of a plan that is passed over is a part of an answer lost
 */
export function readNativePlan(plan: QueryPlan): Plan {
  return { root: plan.node == null ? undefined : readNode(plan.node) };
}

function readNode(node: PlanNode): PlanStep {
  switch (node.kind) {
    case "Sequence":
      return { kind: "sequence", steps: node.nodes.map(readNode) };
    case "Parallel":
      return { kind: "parallel", steps: node.nodes.map(readNode) };
    case "Condition":
      return {
        kind: "condition",
        variable: node.condition,
        whenTrue: node.ifClause == null ? undefined : readNode(node.ifClause),
        whenFalse: node.elseClause == null ? undefined : readNode(node.elseClause),
      };
    case "Fetch":
      return readFetch(node, []);
    case "Flatten":
      return readFlatten(node.path, node.node);
    case "BatchFetch":
      return { ...fetchStep(node), targets: node.entityBatch.aliases.map(readAlias) };
    default:
      throw new Error(`the plan has a node of an unknown kind: ${node.kind}`);
  }
}

/** A path may stand above a condition as well as above a fetch. */
function readFlatten(path: readonly FlattenNodePathSegment[], node: PlanNode): PlanStep {
  switch (node.kind) {
    case "Fetch":
      return readFetch(node, path);
    case "Flatten":
      return readFlatten([...path, ...node.path], node.node);
    case "Condition":
      return {
        kind: "condition",
        variable: node.condition,
        whenTrue: node.ifClause == null ? undefined : readFlatten(path, node.ifClause),
        whenFalse: node.elseClause == null ? undefined : readFlatten(path, node.elseClause),
      };
    case "Sequence":
      return { kind: "sequence", steps: node.nodes.map((inner) => readFlatten(path, inner)) };
    case "Parallel":
      return { kind: "parallel", steps: node.nodes.map((inner) => readFlatten(path, inner)) };
    default:
      throw new Error(`the plan has a path above a node of kind ${node.kind}`);
  }
}

function readFetch(node: FetchNode, path: readonly FlattenNodePathSegment[]): FetchStep {
  const { requires } = node;
  if (requires == null || requires.length === 0) {
    const outputRewrites = (node.outputRewrites ?? []).map(readRewrite);
    return { ...fetchStep(node), at: path.map(readPathSegment), outputRewrites };
  }
  const target: EntityTarget = {
    responseKey: "_entities",
    variable: "representations",
    paths: [path.map(readPathSegment)],
    requires: requires.map(readRequires),
    inputRewrites: (node.inputRewrites ?? []).map(readRewrite),
    outputRewrites: (node.outputRewrites ?? []).map(readRewrite),
  };
  return { ...fetchStep(node), targets: [target] };
}

function fetchStep(
  node: Pick<FetchNode, "serviceName" | "operation" | "operationName" | "operationKind" | "variableUsages">,
): FetchStep {
  if (node.operationKind === "subscription") throw new Error("the plan has a subscription");
  return {
    kind: "fetch",
    subgraph: node.serviceName,
    operation: node.operation,
    operationName: node.operationName ?? undefined,
    operationKind: node.operationKind ?? "query",
    variables: node.variableUsages ?? [],
    at: [],
    targets: [],
    outputRewrites: [],
  };
}

function readAlias(alias: EntityBatchAlias): EntityTarget {
  return {
    responseKey: alias.alias,
    variable: alias.representationsVariableName,
    paths: alias.paths.map((path) => path.map(readPathSegment)),
    requires: alias.requires.map(readRequires),
    inputRewrites: (alias.inputRewrites ?? []).map(readRewrite),
    outputRewrites: (alias.outputRewrites ?? []).map(readRewrite),
  };
}

function readPathSegment(segment: FlattenNodePathSegment): PathStep {
  if (segment === "@") return { kind: "list" };
  if ("Field" in segment) return { kind: "field", responseKey: segment.Field };
  return { kind: "type", names: segment.TypeCondition };
}

function readRequires(selection: RequiresSelection): RequiredSelection {
  if (selection.kind === "FragmentSpread") throw new Error("the plan requires a named fragment");
  const selections = selection.selections?.map(readRequires);
  if (selection.kind === "InlineFragment") {
    if (selection.skipIf != null || selection.includeIf != null)
      throw new Error("the plan requires fields under a condition");
    return { kind: "fragment", type: selection.typeCondition, selections: selections ?? [] };
  }
  // Turned round: the alias is the name that the subgraph knows.
  return { kind: "field", responseKey: selection.name, name: selection.alias ?? selection.name, selections };
}

function readRewrite(rewrite: FetchRewrite): Rewrite {
  if ("KeyRenamer" in rewrite) {
    const { path, renameKeyTo } = rewrite.KeyRenamer;
    return { kind: "rename", path: path.map(readRewriteStep), responseKey: renameKeyTo };
  }
  const { path, setValueTo } = "ValueSetter" in rewrite ? rewrite.ValueSetter : rewrite;
  return { kind: "set", path: path.map(readRewriteStep), value: setValueTo };
}

function readRewriteStep(
  step: { readonly TypenameEquals: string[] } | { readonly Key: string },
): RewriteStep {
  return "Key" in step ? { kind: "key", key: step.Key } : { kind: "type", names: step.TypenameEquals };
}

import type {
  FetchDataRewrite,
  FetchNode,
  PlanNode,
  QueryPlan,
  QueryPlanSelectionNode,
  SubscriptionNode,
} from "@apollo/query-planner";
import type {
  EntityTarget,
  FetchStep,
  PathStep,
  Plan,
  PlanStep,
  RequiredSelection,
  Rewrite,
  RewriteStep,
} from "../../graph/plan.js";

type ResponsePath = readonly (string | number)[];

/**
 * Reads a plan of `@apollo/query-planner` into ours.
 * @throws Error at anything that is not understood: a part of a plan that is passed over is a part of an answer lost
 */
export function readApolloPlan(plan: QueryPlan): Plan {
  return { root: plan.node === undefined ? undefined : readNode(plan.node, []) };
}

/** @param path where the objects stand that everything below completes; paths add up on the way down */
function readNode(node: PlanNode | SubscriptionNode, path: ResponsePath): PlanStep {
  switch (node.kind) {
    case "Sequence":
      return { kind: "sequence", steps: node.nodes.map((inner) => readNode(inner, path)) };
    case "Parallel":
      return { kind: "parallel", steps: node.nodes.map((inner) => readNode(inner, path)) };
    case "Condition":
      return {
        kind: "condition",
        variable: node.condition,
        whenTrue: node.ifClause === undefined ? undefined : readNode(node.ifClause, path),
        whenFalse: node.elseClause === undefined ? undefined : readNode(node.elseClause, path),
      };
    case "Flatten":
      return readNode(node.node, [...path, ...node.path]);
    case "Fetch":
      return readFetch(node, path);
    default:
      throw new Error(`the plan has a node of a kind that is not served: ${node.kind}`);
  }
}

function readFetch(node: FetchNode, path: ResponsePath): FetchStep {
  if (node.operationKind === "subscription") throw new Error("the plan has a subscription");
  if ((node.contextRewrites ?? []).length > 0) throw new Error("the plan sets contexts");
  const step: FetchStep = {
    kind: "fetch",
    subgraph: node.serviceName,
    operation: node.operation,
    operationName: node.operationName,
    operationKind: node.operationKind,
    variables: node.variableUsages ?? [],
    at: [],
    targets: [],
    outputRewrites: [],
  };
  const outputRewrites = (node.outputRewrites ?? []).map(readRewrite);
  if (node.requires === undefined) return { ...step, at: path.map(readPathStep), outputRewrites };
  const target: EntityTarget = {
    responseKey: "_entities",
    variable: "representations",
    paths: [path.map(readPathStep)],
    requires: node.requires.map(readRequired),
    inputRewrites: (node.inputRewrites ?? []).map(readRewrite),
    outputRewrites,
  };
  return { ...step, targets: [target] };
}

function readPathStep(step: string | number): PathStep {
  if (step === "@") return { kind: "list" };
  // Type conditions inside paths are an option of that planner, and off.
  if (typeof step !== "string" || !/^\w+$/.test(step))
    throw new Error(`the plan has an unknown step in a path: ${step}`);
  return { kind: "field", responseKey: step };
}

function readRequired(selection: QueryPlanSelectionNode): RequiredSelection {
  const selections = selection.selections?.map(readRequired);
  if (selection.kind === "InlineFragment") {
    if (selection.typeCondition === undefined) throw new Error("the plan requires a fragment without a type");
    return { kind: "fragment", type: selection.typeCondition, selections: selections ?? [] };
  }
  // Both sides know it by one name; an input rewrite makes it the subgraph's.
  const name = selection.alias ?? selection.name;
  return { kind: "field", responseKey: name, name, selections };
}

function readRewrite(rewrite: FetchDataRewrite): Rewrite {
  const path = rewrite.path.map(readRewriteStep);
  if (rewrite.kind === "KeyRenamer") return { kind: "rename", path, responseKey: rewrite.renameKeyTo };
  const value: unknown = rewrite.setValueTo;
  if (typeof value !== "string") throw new Error("the plan sets a value that is no name");
  return { kind: "set", path, value };
}

const FRAGMENT = "... on ";

function readRewriteStep(step: string): RewriteStep {
  return step.startsWith(FRAGMENT)
    ? { kind: "type", names: [step.slice(FRAGMENT.length)] }
    : { kind: "key", key: step };
}

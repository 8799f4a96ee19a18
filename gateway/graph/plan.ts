/**
 * A plan in our own words, whichever planner made it. It is a value: compiled once, run many times.
 */
export type PlanStep = FetchStep | SequenceStep | ParallelStep | ConditionStep;

export interface SequenceStep {
  readonly kind: "sequence";
  readonly steps: readonly PlanStep[];
}

export interface ParallelStep {
  readonly kind: "parallel";
  readonly steps: readonly PlanStep[];
}

/** Runs one side by the value of a Boolean variable of the operation. */
export interface ConditionStep {
  readonly kind: "condition";
  readonly variable: string;
  readonly whenTrue: PlanStep | undefined;
  readonly whenFalse: PlanStep | undefined;
}

/** One request to one subgraph. */
export interface FetchStep {
  readonly kind: "fetch";
  readonly subgraph: string;
  /** The operation as text, as the subgraph gets it. */
  readonly operation: string;
  readonly operationName: string | undefined;
  readonly operationKind: "query" | "mutation";
  /** Variables of the client's operation that are passed on. */
  readonly variables: readonly string[];
  /** Where the objects stand that a fetch of root fields fills; empty for the root, the only one in most schemas. */
  readonly at: readonly PathStep[];
  /** Entities to complete; empty for a fetch of root fields. */
  readonly targets: readonly EntityTarget[];
  /** Applied to the answer of a fetch of root fields. */
  readonly outputRewrites: readonly Rewrite[];
}

/** One `_entities` field of a fetch: which objects it completes, and how each is named to the subgraph. */
export interface EntityTarget {
  /** Response key of the `_entities` field. */
  readonly responseKey: string;
  /** Variable that carries the representations. */
  readonly variable: string;
  /** Where the objects stand in the answer so far. */
  readonly paths: readonly (readonly PathStep[])[];
  readonly requires: readonly RequiredSelection[];
  readonly inputRewrites: readonly Rewrite[];
  readonly outputRewrites: readonly Rewrite[];
}

export type PathStep =
  | { readonly kind: "field"; readonly responseKey: string }
  | { readonly kind: "list" }
  | { readonly kind: "type"; readonly names: readonly string[] };

/** What of an object goes into its representation. */
export type RequiredSelection =
  | {
      readonly kind: "field";
      /** Where it stands in the answer so far. */
      readonly responseKey: string;
      /** What the subgraph calls it. */
      readonly name: string;
      readonly selections: readonly RequiredSelection[] | undefined;
    }
  | { readonly kind: "fragment"; readonly type: string; readonly selections: readonly RequiredSelection[] };

/** A change of an object on its way to a subgraph, or of an answer on its way back. */
export type Rewrite = { readonly path: readonly RewriteStep[] } & (
  | { readonly kind: "set"; readonly value: string }
  | { readonly kind: "rename"; readonly responseKey: string }
);

export type RewriteStep =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "type"; readonly names: readonly string[] };

/** A whole plan; `undefined` where nothing has to be fetched. */
export interface Plan {
  readonly root: PlanStep | undefined;
}

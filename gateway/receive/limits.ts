/** Bounds of one GraphQL request. Each is checked before validation, in time linear in the source. */
export interface OperationLimits {
  readonly tokensMax: number;
  readonly depthMax: number;
  readonly aliasesMax: number;
  /** Of one document: validation walks every fragment for every operation, and compares fragments with each other. */
  readonly operationsMax: number;
  readonly fragmentsMax: number;
  readonly rootFieldsMax: number;
  readonly directivesMax: number;
  /** On one field, fragment, variable or operation. */
  readonly directivesOfOneMax: number;
  /** Fields that repeat a response key of their own selection set. */
  readonly repeatsMax: number;
  /** Lists and objects within each other, in literals, types and variables. */
  readonly valueDepthMax: number;
  /** Values in the variables, at any depth. */
  readonly variableValuesMax: number;
  /** Selections after every fragment is expanded where it is spread. */
  readonly expandedSelectionsMax: number;
}

export const OPERATION_LIMITS: OperationLimits = {
  tokensMax: 4_000,
  depthMax: 16,
  aliasesMax: 100,
  operationsMax: 10,
  fragmentsMax: 50,
  rootFieldsMax: 100,
  directivesMax: 100,
  directivesOfOneMax: 4,
  repeatsMax: 50,
  valueDepthMax: 12,
  variableValuesMax: 2_000,
  expandedSelectionsMax: 5_000,
};

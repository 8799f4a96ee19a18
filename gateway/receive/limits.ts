/** Bounds of one GraphQL request. Each is checked before validation, in time linear in the source. */
export interface OperationLimits {
  readonly tokensMax: number;
  readonly depthMax: number;
  readonly aliasesMax: number;
  readonly rootFieldsMax: number;
  readonly directivesMax: number;
  /** Selections after every fragment is expanded where it is spread. */
  readonly expandedSelectionsMax: number;
}

export const OPERATION_LIMITS: OperationLimits = {
  tokensMax: 4_000,
  depthMax: 16,
  aliasesMax: 120,
  rootFieldsMax: 100,
  directivesMax: 100,
  expandedSelectionsMax: 5_000,
};

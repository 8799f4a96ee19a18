import type { Category } from "../../schema/categories.js";
import type { Authorized, Narrowed } from "../inquiry.js";
import type { GuardedOperation, GuardedRoot } from "../plan/guard-operation.js";
import { objectionTo, type PolicyIndex } from "../policies.js";
import { isIncluded } from "../shape/conditions.js";
import { RootNarrower } from "./narrow-roots.js";

/**
 * Says what of the operation may not be seen, so that it is not fetched: the first two of the four points of enforcement.
 * A root keeps only the merchants that open anything, and below it only what one of these opens. The plan is the same for
 * everyone; what differs stands in its variables. Resolves to `undefined` when nothing is left, or the asker's standing is
 * lost.
 */
export function narrowOperation(
  authorized: Authorized,
  guarded: GuardedOperation,
  index: PolicyIndex,
): Narrowed | undefined {
  if (authorized.ended.length > 0) return undefined;
  const narrower = new RootNarrower(authorized);
  const guards: Record<string, unknown> = {};
  let isAnyOpen = guarded.introspects;
  for (const root of guarded.roots) {
    const isOpen = setGuards(guards, root, { authorized, narrower, index });
    isAnyOpen ||= isOpen;
  }
  if (!isAnyOpen) return undefined;
  const { variables } = authorized.operation;
  return {
    variables: { ...guarded.names.variables(variables), ...narrower.variables, ...guards },
    keptPositions: narrower.keptPositions,
  };
}

interface Narrowing {
  readonly authorized: Authorized;
  readonly narrower: RootNarrower;
  readonly index: PolicyIndex;
}

/** True when the root runs. */
function setGuards(
  guards: Record<string, unknown>,
  root: GuardedRoot,
  { authorized, narrower, index }: Narrowing,
): boolean {
  const { principal, operation } = authorized;
  const { variables } = operation;
  const admitted = narrower.admit(root);
  const inquiries = isIncluded(root.alternatives, variables) ? admitted : undefined;
  const granted = new Set<Category>();
  const records = new Set<Category>();
  for (const inquiry of inquiries ?? []) {
    for (const category of inquiry.granted) granted.add(category);
    for (const category of inquiry.records) records.add(category);
  }
  const standing = { principal, granted, records };
  const isOpen = inquiries !== undefined && objectionTo(index, root.coordinate, standing) === undefined;
  guards[root.variable] = isOpen;
  for (const { variable, coordinate, alternatives } of root.guards)
    guards[variable] =
      isOpen &&
      isIncluded(alternatives, variables) &&
      (coordinate === undefined || objectionTo(index, coordinate, standing) === undefined);
  return isOpen;
}

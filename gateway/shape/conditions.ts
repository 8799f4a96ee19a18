import { Kind, type SelectionNode } from "graphql";

/** A Boolean variable, and the value of it that includes the selection. */
export interface Condition {
  readonly variable: string;
  readonly includes: boolean;
}

/** Lists of conditions: the selection counts where all of any one list hold. An empty list always holds. */
export type Alternatives = readonly (readonly Condition[])[];

/**
 * The conditions that `@skip` and `@include` put on a selection (GraphQL October 2021, section 3.13); `undefined` where a
 * fixed value leaves it out for good.
 */
export function conditionsOf({ directives }: SelectionNode): readonly Condition[] | undefined {
  const found: Condition[] = [];
  for (const { name, arguments: given } of directives ?? []) {
    const includes = name.value === "include";
    if (!includes && name.value !== "skip") continue;
    const value = given?.find((argument) => argument.name.value === "if")?.value;
    if (value?.kind === Kind.VARIABLE) found.push({ variable: value.name.value, includes });
    else if (value?.kind === Kind.BOOLEAN && value.value !== includes) return undefined;
  }
  return found;
}

/** True where one of the lists holds under coerced variables. */
export function isIncluded(
  alternatives: Alternatives,
  variables: Readonly<Record<string, unknown>>,
): boolean {
  for (const conditions of alternatives) {
    let isHeld = true;
    for (const { variable, includes } of conditions) {
      if ((variables[variable] === true) === includes) continue;
      isHeld = false;
      break;
    }
    if (isHeld) return true;
  }
  return false;
}

/** True where they hold under any variables. */
export function isUnconditional(alternatives: Alternatives): boolean {
  return alternatives.some((conditions) => conditions.length === 0);
}

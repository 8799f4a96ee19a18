/** How much a request's variables hold. */
export interface VariablesSize {
  /** Values, lists and objects and their members, however deep. */
  readonly values: number;
  readonly depth: number;
}

/** Measures JSON without recursion, which a deep value would exhaust; stops counting beyond `valuesMax`. */
export function measureVariables(variables: unknown, valuesMax: number): VariablesSize {
  let [values, depth] = [0, 0];
  const open: (readonly [unknown, number])[] = [[variables, 0]];
  for (let next = open.pop(); next !== undefined && values <= valuesMax; next = open.pop()) {
    const [value, level] = next;
    values += 1;
    depth = Math.max(depth, level);
    if (typeof value !== "object" || value === null) continue;
    for (const inner of Object.values(value)) {
      open.push([inner, level + 1]);
      if (open.length > valuesMax) return { values: open.length, depth: level + 1 };
    }
  }
  return { values, depth };
}

import type { AnswerError, Authorized } from "../inquiry.js";

type Kept = ReadonlyMap<string, readonly number[]>;

/** Puts the merchants of a shortened portfolio back where they stood; those that were not asked about are null. */
export function putBack(
  data: Readonly<Record<string, unknown>>,
  authorized: Authorized,
  kept: Kept,
): Readonly<Record<string, unknown>> {
  if (kept.size === 0) return data;
  const entries = Object.entries(data).map(([key, value]) => {
    const positions = kept.get(key);
    if (positions === undefined || !Array.isArray(value)) return [key, value] as const;
    const length = authorized.positions.get(key)?.length ?? 0;
    const whole: unknown[] = Array.from({ length }, () => null);
    for (const [i, position] of positions.entries()) whole[position] = value[i] ?? null;
    return [key, whole] as const;
  });
  return Object.fromEntries(entries);
}

/** An error inside a shortened portfolio, on the path of the answer. */
export function movedBack(error: AnswerError, kept: Kept): AnswerError {
  const [key, index, ...rest] = error.path ?? [];
  const position = typeof index === "number" ? kept.get(String(key))?.[index] : undefined;
  if (key === undefined || position === undefined) return error;
  return { ...error, path: [key, position, ...rest] };
}

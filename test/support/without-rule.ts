import { type Mock, vi } from "vitest";

type Rule = (...parameters: never[]) => unknown;

/**
 * Does something while rules are switched off: an attack that they refuse must succeed without them, or the test that sees
 * it refused could not fail. The rules' modules are mocked with `{ spy: true }`.
 */
export async function withoutRules<T>(rules: readonly Rule[], attack: () => Promise<T>): Promise<T> {
  for (const rule of rules) vi.mocked(rule as Mock).mockImplementation(() => undefined);
  try {
    return await attack();
  } finally {
    for (const rule of rules) vi.mocked(rule as Mock).mockReset();
  }
}

import { randomFrom } from "../../statistics.js";

/**
 * The order in which banks ask about merchants: each pair once before any comes again, so that uses and locks are spread
 * as evenly as they can be; `[token, body]`.
 */
export function rotationOf(
  tokens: number,
  bodies: number,
  seed: number,
): readonly (readonly [token: number, body: number])[] {
  const random = randomFrom(seed);
  const pairs = Array.from({ length: Math.max(1, tokens) * bodies }, (_, i): [number, number] => [
    Math.floor(i / bodies),
    i % bodies,
  ]);
  for (let i = pairs.length - 1; i > 0; i -= 1) {
    const j = random(i + 1);
    const [a, b] = [pairs[i], pairs[j]];
    if (a !== undefined && b !== undefined) [pairs[i], pairs[j]] = [b, a];
  }
  return pairs;
}

import { randomInt } from "node:crypto";

/**
 * The seed of a test that draws: the one in the environment, to see a failure again, or a new one. It is printed, so that
 * a failure names it.
 */
export function printedSeed(variable: string): number {
  const given = process.env[variable];
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  if (!Number.isInteger(seed) || seed < 0)
    throw new TypeError(`${variable} must be a whole number, not ${given}`);
  process.stdout.write(`${variable}=${seed}\n`);
  return seed;
}

import fc from "fast-check";

/** The run's seed: `PROPERTY_SEED`, and `PROPERTY_PATH` beside it, replay one that was printed. */
export const SEED = Number(process.env["PROPERTY_SEED"] ?? Date.now() % 2_147_483_647);

/** Holds a property against `numRuns` random cases; a failure prints how to replay it, cut down to its smallest. */
export function hold<Case extends unknown[]>(property: fc.IProperty<Case>, numRuns: number): void {
  const path = process.env["PROPERTY_PATH"];
  const details = fc.check(property, { seed: SEED, numRuns, ...(path === undefined ? {} : { path }) });
  if (!details.failed) return;
  const again = `PROPERTY_SEED=${details.seed} PROPERTY_PATH=${details.counterexamplePath ?? ""}`;
  throw new Error(
    `replay with ${again}\n${fc.stringify(details.counterexample)}\n${String(details.errorInstance)}`,
    { cause: details.errorInstance },
  );
}

import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import type { ComposedSubgraph } from "./composed-subgraph.js";
import { lintClosure } from "./lint-closure.js";
import { lintSubgraph } from "./lint-subgraph.js";
import { lintSupergraph } from "./lint-supergraph.js";
import { judgeByShadow } from "./shadow-composition.js";

/** Why a supergraph was refused; every problem at once. */
export class CompositionError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the supergraph is refused:\n${problems.map((problem) => `- ${problem}`).join("\n")}`);
    this.name = "CompositionError";
    this.problems = problems;
  }
}

/**
 * Composes subgraphs into one supergraph, or refuses: our own rules first (`lintSubgraph`, `lintClosure`), then the
 * composer's (which follows `@policy` through `@requires` and interfaces), then what the result lost, then what another
 * maker's composer makes of the same subgraphs. Hints of inconsistency are errors.
 * @throws CompositionError
 */
export function composeSupergraph(subgraphs: readonly ComposedSubgraph[]): string {
  const problems = [...subgraphs.flatMap(lintSubgraph), ...lintClosure(subgraphs)];
  if (problems.length > 0) throw new CompositionError(problems);
  const composed = composeServices(
    subgraphs.map(({ name, sdl }) => ({ name, typeDefs: parse(sdl), url: `http://${name}.invalid/graphql` })),
  );
  if (composed.errors !== undefined)
    throw new CompositionError(composed.errors.map((error) => error.message));
  const hints = composed.hints.filter((hint) => hint.definition.code.startsWith("INCONSISTENT_"));
  const silent = hints.filter((hint) => !HARMLESS_HINTS.has(hint.definition.code));
  if (silent.length > 0) throw new CompositionError(silent.map((hint) => hint.toString()));
  const lost = [
    ...lintSupergraph(composed.supergraphSdl, subgraphs),
    ...judgeByShadow(composed.supergraphSdl, subgraphs),
  ];
  if (lost.length > 0) throw new CompositionError(lost);
  return composed.supergraphSdl;
}

/** Differences of wording, which change no rule and no value. */
const HARMLESS_HINTS: ReadonlySet<string> = new Set(["INCONSISTENT_DESCRIPTION"]);

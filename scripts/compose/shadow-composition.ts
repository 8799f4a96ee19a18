import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import type { Policy } from "../../gateway/policies.js";
import { readPolicies } from "../../gateway/plan/read-policies.js";
import type { ComposedSubgraph } from "./composed-subgraph.js";
import { describeRule, isSameRule, OPEN } from "../../gateway/plan/rule-algebra.js";

/** The newest specification that the second composer reads; what ours imports of it has not changed since. */
const SPECIFICATION = "https://specs.apollo.dev/federation/v2.9";
const NEWER = /https:\/\/specs\.apollo\.dev\/federation\/v2\.[0-9]+/;

/**
 * The second judge: the same subgraphs composed by another maker's code, which must refuse nothing and come to the same
 * rule at every coordinate. A composer that loses a rule does so without a word; two that lose the same one are rarer.
 */
export function judgeByShadow(
  supergraphSdl: string,
  subgraphs: readonly ComposedSubgraph[],
): readonly string[] {
  const shadow = composeServices(
    subgraphs.map(({ name, sdl }) => ({
      name,
      typeDefs: parse(sdl.replace(NEWER, SPECIFICATION)),
      url: `http://${name}.invalid/graphql`,
    })),
  );
  if (shadow.supergraphSdl === undefined) {
    const errors = shadow.errors ?? [];
    return errors.map((error) => `the second composer refuses: ${error.message}`);
  }
  return differences(rulesOf(supergraphSdl), rulesOf(shadow.supergraphSdl));
}

/** Every rule by coordinate: types and fields in one list. */
function rulesOf(supergraphSdl: string): ReadonlyMap<string, Policy> {
  const { fields, types } = readPolicies(parse(supergraphSdl));
  return new Map([...types, ...fields]);
}

function differences(ours: ReadonlyMap<string, Policy>, theirs: ReadonlyMap<string, Policy>): string[] {
  const coordinates = new Set([...ours.keys(), ...theirs.keys()]);
  return [...coordinates].flatMap((coordinate) => {
    const [own, other] = [ours.get(coordinate) ?? OPEN, theirs.get(coordinate) ?? OPEN];
    return isSameRule(own, other)
      ? []
      : [`two composers differ on ${coordinate}: ${describeRule(own)}, and ${describeRule(other)}`];
  });
}

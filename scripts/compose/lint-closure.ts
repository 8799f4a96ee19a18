import { type FieldNode, Kind, parse, type SelectionSetNode } from "graphql";
import type { Policy } from "../../gateway/policies.js";
import type { ComposedSubgraph } from "./composed-subgraph.js";
import { describeRule, implies, isSameRule, OPEN } from "../../gateway/plan/rule-algebra.js";
import {
  directiveText,
  type FieldDefinition,
  namedType,
  readSubgraphRules,
  type SubgraphRules,
} from "./subgraph-rules.js";

/**
 * Ways in which a value can leave under a rule that is not its own, found from the subgraphs' SDL without any composer:
 * what a field requires, provides, takes from a context or takes over must be no stricter than the field itself; the two
 * sides of a shared field must say the same; a field of an interface must be as strict as each type behind it; and an
 * object that stands for an interface has no rules that could be followed.
 */
export function lintClosure(subgraphs: readonly ComposedSubgraph[]): readonly string[] {
  const rules = readSubgraphRules(subgraphs);
  return [
    ...rules.definitions.flatMap((definition) => [
      ...lintRequires(definition, rules),
      ...lintProvides(definition, rules),
      ...lintOverride(definition, rules),
      ...lintInterface(definition, rules),
      ...lintContext(definition),
    ]),
    ...lintShared(rules),
    ...lintInterfaceObjects(subgraphs),
  ];
}

/** `@requires`: who reads the derived value learns something of each value that it was made from, however deep. */
function lintRequires(definition: FieldDefinition, rules: SubgraphRules): string[] {
  const fields = directiveText(definition.node.directives, "requires", "fields");
  return weaker(definition, rules, { verb: "requires", type: definition.type, fields });
}

/** `@provides`: the provided value rides in the answer of this very fetch. */
function lintProvides(definition: FieldDefinition, rules: SubgraphRules): string[] {
  const fields = directiveText(definition.node.directives, "provides", "fields");
  return weaker(definition, rules, { verb: "provides", type: namedType(definition.node.type), fields });
}

function weaker(
  definition: FieldDefinition,
  rules: SubgraphRules,
  { verb, type, fields }: { readonly verb: string; readonly type: string; readonly fields: string },
): string[] {
  if (fields === "") return [];
  const own = rules.ruleOf(definition.type, definition.node.name.value);
  return coordinatesIn(selectionOf(fields), type, rules)
    .filter(({ rule }) => !implies(own, rule))
    .map(
      ({ coordinate, rule }) =>
        `${at(definition)} ${verb} ${coordinate} (${describeRule(rule)}) and asks only for ${describeRule(own)}`,
    );
}

/** `@override`: the field moves here from another subgraph, and its rule must not be left behind. */
function lintOverride(definition: FieldDefinition, rules: SubgraphRules): string[] {
  const from = directiveText(definition.node.directives, "override", "from");
  if (from === "") return [];
  const before = rules.definitions.find(
    (other) =>
      other.subgraph === from &&
      other.type === definition.type &&
      other.node.name.value === definition.node.name.value,
  );
  const rule = before?.rule ?? OPEN;
  return implies(definition.rule, rule)
    ? []
    : [`${at(definition)} takes over from ${from} and drops ${describeRule(rule)}`];
}

/** A field asked for on an interface is answered by any type behind it, so it must be as strict as each of them. */
function lintInterface(definition: FieldDefinition, rules: SubgraphRules): string[] {
  if (!definition.isInterface) return [];
  const field = definition.node.name.value;
  const own = rules.ruleOf(definition.type, field);
  return rules
    .implementersOf(definition.type)
    .map((type) => ({ type, rule: rules.ruleOf(type, field) }))
    .filter(({ rule }) => !implies(own, rule))
    .map(
      ({ type, rule }) =>
        `${at(definition)} opens ${type}.${field} (${describeRule(rule)}) and asks only for ${describeRule(own)}`,
    );
}

/** `@fromContext`: the value of another place enters as an argument, where no rule can follow it. */
function lintContext(definition: FieldDefinition): string[] {
  const entering = definition.node.arguments?.filter(
    (argument) => argument.directives?.some(({ name }) => name.value === "fromContext") === true,
  );
  return (entering ?? []).map(
    (argument) => `${at(definition)} takes ${argument.name.value} from a context, where no rule follows it`,
  );
}

/** Both sides of a shared field say the same: a side without the rule would hand the value to whoever asks it. */
function lintShared(rules: SubgraphRules): string[] {
  const owners = new Map<string, FieldDefinition[]>();
  for (const definition of rules.definitions) {
    // An external field is somebody else's, mentioned for a key or a requirement; it resolves nothing here.
    if (definition.isInterface || has(definition, "external")) continue;
    const coordinate = `${definition.type}.${definition.node.name.value}`;
    owners.set(coordinate, [...(owners.get(coordinate) ?? []), definition]);
  }
  return [...owners].flatMap(([coordinate, [first, ...others]]) => {
    if (first === undefined) return [];
    return others
      .filter(
        (other) => !isSameRule(first.rule, other.rule) && !has(other, "override") && !has(first, "override"),
      )
      .map(
        (other) =>
          `${coordinate} is shared under two rules: ${first.subgraph} says ${describeRule(first.rule)}, ` +
          `${other.subgraph} says ${describeRule(other.rule)}`,
      );
  });
}

/** `@interfaceObject`: one object stands for every type behind an interface, so no rule of a type can be found. */
function lintInterfaceObjects(subgraphs: readonly ComposedSubgraph[]): string[] {
  return subgraphs.flatMap(({ name, sdl }) =>
    parse(sdl).definitions.flatMap((definition) =>
      "directives" in definition &&
      "name" in definition &&
      definition.directives?.some((directive) => directive.name.value === "interfaceObject") === true
        ? [`${name}: ${definition.name?.value ?? "?"} stands for an interface, behind which no rule is seen`]
        : [],
    ),
  );
}

interface Reached {
  readonly coordinate: string;
  readonly rule: Policy;
}

/** Every coordinate that a set of fields reaches from a type; on an interface, those of the types behind it too. */
function coordinatesIn(set: SelectionSetNode, type: string, rules: SubgraphRules): readonly Reached[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return coordinatesIn(selection.selectionSet, selection.typeCondition?.name.value ?? type, rules);
    return reachedBy(selection, type, rules);
  });
}

function reachedBy(node: FieldNode, type: string, rules: SubgraphRules): readonly Reached[] {
  const field = node.name.value;
  const here = [type, ...rules.implementersOf(type)].map((owner) => ({
    coordinate: `${owner}.${field}`,
    rule: rules.ruleOf(owner, field),
  }));
  const returned = rules.returnsOf(type, field);
  if (node.selectionSet === undefined || returned === undefined) return here;
  return [...here, ...coordinatesIn(node.selectionSet, returned, rules)];
}

/** @throws GraphQLError when the text is no set of fields */
function selectionOf(fields: string): SelectionSetNode {
  const [definition] = parse(`{ ${fields} }`).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new TypeError("a set of fields is one selection");
  return definition.selectionSet;
}

function has({ node }: FieldDefinition, directive: string): boolean {
  return node.directives?.some(({ name }) => name.value === directive) === true;
}

function at({ subgraph, type, node }: FieldDefinition): string {
  return `${subgraph}: ${type}.${node.name.value}`;
}

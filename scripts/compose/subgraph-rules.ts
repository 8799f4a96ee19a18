import { type ConstDirectiveNode, type FieldDefinitionNode, Kind, parse, type TypeNode } from "graphql";
import type { Policy } from "../../gateway/policies.js";
import type { ComposedSubgraph } from "./composed-subgraph.js";
import { bothOf, OPEN } from "../../gateway/plan/rule-algebra.js";

/** One definition of a field in one subgraph. */
export interface FieldDefinition {
  readonly subgraph: string;
  readonly type: string;
  readonly isInterface: boolean;
  readonly node: FieldDefinitionNode;
  /** What this subgraph says of it, on the field and on its type. */
  readonly rule: Policy;
}

/** Every definition of every subgraph, read from the SDL without any composer. */
export interface SubgraphRules {
  readonly definitions: readonly FieldDefinition[];
  /** All that must hold to read a coordinate: what its subgraphs say of it, joined with and. */
  ruleOf(type: string, field: string): Policy;
  /** The named type that a field returns; `undefined` where no subgraph has the field. */
  returnsOf(type: string, field: string): string | undefined;
  /** The types that implement an interface in any subgraph. */
  implementersOf(name: string): readonly string[];
}

/** Reads the rules of subgraphs: what a composer makes of them is judged against this. */
export function readSubgraphRules(subgraphs: readonly ComposedSubgraph[]): SubgraphRules {
  const reading = new Reading();
  for (const { name, sdl } of subgraphs) reading.add(name, sdl);
  const { definitions, typeRules, fieldRules, returns, implementers } = reading;
  return {
    definitions,
    ruleOf: (type, field) => bothOf(typeRules.get(type) ?? OPEN, fieldRules.get(`${type}.${field}`) ?? OPEN),
    returnsOf: (type, field) => returns.get(`${type}.${field}`),
    implementersOf: (name) => [...(implementers.get(name) ?? [])],
  };
}

class Reading {
  readonly definitions: FieldDefinition[] = [];
  readonly typeRules = new Map<string, Policy>();
  readonly fieldRules = new Map<string, Policy>();
  readonly returns = new Map<string, string>();
  readonly implementers = new Map<string, Set<string>>();

  add(subgraph: string, sdl: string): void {
    for (const definition of parse(sdl).definitions) {
      const isInterface =
        definition.kind === Kind.INTERFACE_TYPE_DEFINITION ||
        definition.kind === Kind.INTERFACE_TYPE_EXTENSION;
      const isObject =
        definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION;
      if (!isInterface && !isObject) continue;
      const type = definition.name.value;
      const ofType = ruleIn(definition.directives) ?? OPEN;
      join(this.typeRules, type, ofType);
      for (const { name } of definition.interfaces ?? []) {
        const known = this.implementers.get(name.value) ?? new Set();
        this.implementers.set(name.value, known.add(type));
      }
      for (const node of definition.fields ?? []) {
        const coordinate = `${type}.${node.name.value}`;
        const ofField = ruleIn(node.directives) ?? OPEN;
        join(this.fieldRules, coordinate, ofField);
        this.returns.set(coordinate, namedType(node.type));
        this.definitions.push({ subgraph, type, isInterface, node, rule: bothOf(ofType, ofField) });
      }
    }
  }
}

function join(rules: Map<string, Policy>, key: string, rule: Policy): void {
  rules.set(key, bothOf(rules.get(key) ?? OPEN, rule));
}

/** The `@policy` of a definition; `undefined` where there is none. */
function ruleIn(directives: readonly ConstDirectiveNode[] | undefined): Policy | undefined {
  const directive = directives?.find(({ name }) => name.value === "policy");
  const list = directive?.arguments?.find(({ name }) => name.value === "policies")?.value;
  if (list?.kind !== Kind.LIST) return undefined;
  return list.values.map((terms) =>
    terms.kind === Kind.LIST
      ? terms.values.map((term) => (term.kind === Kind.STRING ? term.value : ""))
      : [terms.kind === Kind.STRING ? terms.value : ""],
  );
}

/** The argument of a directive that names fields or a subgraph; empty where the directive is not there. */
export function directiveText(
  directives: readonly ConstDirectiveNode[] | undefined,
  directive: string,
  argument: string,
): string {
  const node = directives?.find(({ name }) => name.value === directive);
  const value = node?.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.STRING ? value.value : "";
}

/** The name at the bottom of lists and non-nulls. */
export function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

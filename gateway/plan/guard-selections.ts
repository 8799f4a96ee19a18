import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionNode,
} from "graphql";
import type { RuleGuard } from "../graph/guarded-operation.js";
import type { Operation } from "../inquiry.js";
import type { PolicyIndex } from "../policies.js";
import { bothOf, implies, isSameRule, OPEN } from "./rule-algebra.js";
import type { Policy } from "../policies.js";
import { type Alternatives, isUnconditional } from "../graph/conditions.js";
import { type ConditionedSet, fragmentsOf, gather, type Gathered, setsBelow } from "../graph/gather.js";
import { included } from "./guard-variables.js";

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

/** A root's selections, with guards. What a rule depends on is the field and the root, not the place between. */
export class GuardedSelections {
  readonly guards: RuleGuard[] = [];
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #index: PolicyIndex;
  readonly #prefix: string;
  readonly #variables = new Map<string, string>();

  constructor({ schema, document }: Operation, index: PolicyIndex, prefix: string) {
    this.#schema = schema;
    this.#fragments = fragmentsOf(document);
    this.#index = index;
    this.#prefix = prefix;
  }

  /** What is asked of one place; `undefined` for a leaf. */
  set(sets: readonly ConditionedSet[], type: GraphQLNamedType): readonly SelectionNode[] | undefined {
    if (!isCompositeType(type)) return undefined;
    const others = new Map<string, ConditionedSet[]>();
    const gathered = gather(sets, {
      fragments: this.#fragments,
      applies: (condition) => this.#applies(type, condition),
      onOther: (condition, set) => {
        if (isAbstractType(type)) others.set(condition, [...(others.get(condition) ?? []), set]);
      },
    });
    const selections = [...gathered.values()].flatMap((entry) =>
      isAbstractType(type) ? this.#onAbstract(entry, type) : [this.#field(entry, type.name)],
    );
    for (const [condition, inner] of others) {
      const named = this.#schema.getType(condition);
      const below = named === undefined ? undefined : this.set(inner, named);
      if (below !== undefined) selections.push(on(condition, below));
    }
    // A guard may switch off all that was asked; and which type stands behind an abstract one decides, at release.
    const isFirm = !isAbstractType(type) && selections.some((node) => node.directives?.length === 0);
    return isFirm ? selections : [TYPENAME, ...selections];
  }

  #applies(type: GraphQLNamedType, condition: string | undefined): boolean {
    if (condition === undefined || condition === type.name) return true;
    const named = this.#schema.getType(condition);
    if (!isAbstractType(named)) return false;
    return (isObjectType(type) || isInterfaceType(type)) && this.#schema.isSubType(named, type);
  }

  /** What an abstract type withholds because one of its types does, is still asked of the others. */
  #onAbstract(entry: Gathered, type: GraphQLAbstractType): readonly SelectionNode[] {
    const name = entry.node.name.value;
    const possible = this.#schema.getPossibleTypes(type);
    const own = this.#ruleOf(type.name, name);
    const isAlike = possible.every((each) => isSameRule(own, this.#ruleOf(each.name, name)));
    if (isAlike) return [this.#field(entry, type.name)];
    return possible.map((each) => on(each.name, [this.#field(entry, each.name)]));
  }

  #field(entry: Gathered, typeName: string): FieldNode {
    const { node, alternatives } = entry;
    const name = node.name.value;
    const type = this.#schema.getType(typeName);
    const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {};
    const returned = fields[name] === undefined ? undefined : getNamedType(fields[name].type);
    const selections = returned === undefined ? undefined : this.set(setsBelow(entry), returned);
    const bare: FieldNode = {
      ...node,
      ...(selections === undefined ? {} : { selectionSet: { kind: Kind.SELECTION_SET, selections } }),
    };
    const rule = this.#ruleOf(typeName, name);
    if (implies(OPEN, rule) && isUnconditional(alternatives)) return { ...bare, directives: [] };
    return included(bare, this.#variableOf(rule, [typeName, name], alternatives));
  }

  #ruleOf(typeName: string, fieldName: string): Policy {
    if (fieldName.startsWith("__")) return OPEN;
    const field = this.#index.fields.get(`${typeName}.${fieldName}`) ?? OPEN;
    return bothOf(field, this.#index.types.get(typeName) ?? OPEN);
  }

  #variableOf(rule: Policy, coordinate: readonly [string, string], alternatives: Alternatives): string {
    const conditions = isUnconditional(alternatives) ? [[]] : alternatives;
    const identity = JSON.stringify([rule, conditions]);
    const known = this.#variables.get(identity);
    if (known !== undefined) return known;
    const variable = `${this.#prefix}_${this.guards.length}`;
    this.guards.push({
      variable,
      coordinate: implies(OPEN, rule) ? undefined : coordinate,
      alternatives: conditions,
    });
    this.#variables.set(identity, variable);
    return variable;
  }
}

function on(typeName: string, selections: readonly SelectionNode[]): SelectionNode {
  return {
    kind: Kind.INLINE_FRAGMENT,
    typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: typeName } },
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
}

import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  parseType,
  type SelectionNode,
  type VariableDefinitionNode,
} from "graphql";
import type { Operation } from "../inquiry.js";
import type { PolicyIndex } from "../policies.js";
import type { Alternatives } from "../shape/conditions.js";
import { fragmentsOf, gather, type Gathered, setsBelow } from "../shape/gather.js";
import { GuardedSelections, type RuleGuard } from "./guard-selections.js";
import { GUARD_PREFIX, included, variableNamed } from "./guard-variables.js";
import { type SafeNames, safeNames } from "./safe-names.js";

/** A root field as it is planned: whether it runs, about whom, and what below it, each request says in variables. */
export interface GuardedRoot {
  readonly responseKey: string;
  /** Type and field, whose rule must hold. */
  readonly coordinate: readonly [string, string];
  /** The Boolean variable that lets it run. */
  readonly variable: string;
  /** What the operation's own `@skip` and `@include` ask for. */
  readonly alternatives: Alternatives;
  /** The variable that carries whom it asks about: the code of one merchant, or the inquiries of a portfolio. */
  readonly subject: { readonly variable: string; readonly isList: boolean } | undefined;
  readonly guards: readonly RuleGuard[];
}

/** An operation that is planned once for everyone: each request switches off what it may not see. */
export interface GuardedOperation {
  readonly document: DocumentNode;
  readonly roots: readonly GuardedRoot[];
  /** True where the operation asks for the schema itself, which no subgraph is asked about. */
  readonly introspects: boolean;
  readonly names: SafeNames;
  /** Response keys, as the document has them, of the roots that return merchants. */
  readonly merchantRoots: ReadonlySet<string>;
}

/**
 * Rewrites an operation so that one plan serves every outcome of consent. Each field that carries a rule, and each that
 * the operation's own `@skip` and `@include` condition, gets an `@include` of a variable that a client cannot set; fragments
 * are inlined, because a fragment may be spread below merchants that are decided differently; whom a root asks about stands
 * in a variable, so that a merchant that opens nothing is not named in the text either. The number of its selections was bounded before (`receive/`).
 */
export function guardOperation(
  operation: Operation,
  index: PolicyIndex,
  machinery: ReadonlySet<string>,
): GuardedOperation {
  const { schema, definition } = operation;
  const type = schema.getRootType(definition.operation);
  if (type == null) throw new TypeError(`the schema has no ${definition.operation}`);
  const guarding = new Guarding(operation, index, type);
  const selections = guarding.run();
  const guarded: OperationDefinitionNode = {
    ...definition,
    variableDefinitions: [...(definition.variableDefinitions ?? []), ...guarding.definitions],
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  };
  const { roots, introspects } = guarding;
  const names = safeNames({ kind: Kind.DOCUMENT, definitions: [guarded] }, machinery);
  const merchantRoots = new Set(guarding.merchantRoots.map((responseKey) => names.key(responseKey)));
  return { document: names.document, roots, introspects, names, merchantRoots };
}

class Guarding {
  readonly roots: GuardedRoot[] = [];
  readonly definitions: VariableDefinitionNode[] = [];
  readonly merchantRoots: string[] = [];
  introspects = false;
  readonly #operation: Operation;
  readonly #index: PolicyIndex;
  readonly #type: GraphQLObjectType;

  constructor(operation: Operation, index: PolicyIndex, type: GraphQLObjectType) {
    this.#operation = operation;
    this.#index = index;
    this.#type = type;
  }

  run(): readonly SelectionNode[] {
    const { definition, document } = this.#operation;
    // The root is an object type, and valid fragments on it apply.
    const roots = gather([{ set: definition.selectionSet, conditions: [] }], {
      fragments: fragmentsOf(document),
      applies: () => true,
    });
    return [...roots].flatMap(([responseKey, gathered]) => this.#root(responseKey, gathered) ?? []);
  }

  #root(responseKey: string, gathered: Gathered): FieldNode | undefined {
    const { node, alternatives } = gathered;
    const field = this.#type.getFields()[node.name.value];
    if (field === undefined) {
      if (node.name.value !== "__typename") this.introspects = true;
      return undefined;
    }
    const prefix = `${GUARD_PREFIX}${this.roots.length}`;
    const below = new GuardedSelections(this.#operation, this.#index, prefix);
    const returned = getNamedType(field.type);
    const selections = below.set(setsBelow(gathered), returned);
    if (returned.name === "Merchant") this.merchantRoots.push(responseKey);
    const argument = returned.name === "Merchant" ? subjectOf(field) : undefined;
    const subject = argument === undefined ? undefined : `${prefix}_${argument.name}`;
    const root: GuardedRoot = {
      responseKey,
      coordinate: [this.#type.name, field.name],
      variable: prefix,
      alternatives,
      subject:
        argument === undefined || subject === undefined
          ? undefined
          : { variable: subject, isList: isListType(getNullableType(argument.type)) },
      guards: below.guards,
    };
    this.roots.push(root);
    this.definitions.push(
      ...[prefix, ...below.guards.map(({ variable }) => variable)].map((name) => declared(name, "Boolean!")),
    );
    let own = node.arguments ?? [];
    if (argument !== undefined && subject !== undefined) {
      this.definitions.push(declared(subject, String(argument.type)));
      own = [...own.filter(({ name }) => name.value !== argument.name), given(argument.name, subject)];
    }
    return {
      ...included({ ...node, arguments: own }, prefix),
      ...(selections === undefined ? {} : { selectionSet: { kind: Kind.SELECTION_SET, selections } }),
    };
  }
}

/** The argument that says whom a root asks about: a list of inquiries, or one code. */
function subjectOf({ args }: GraphQLField<unknown, unknown>): GraphQLArgument | undefined {
  return args.find(({ name, type }) => name === "id" || isListType(getNullableType(type)));
}

function declared(name: string, type: string): VariableDefinitionNode {
  return { kind: Kind.VARIABLE_DEFINITION, variable: variableNamed(name), type: parseType(type) };
}

function given(argument: string, variable: string): ArgumentNode {
  return {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: argument },
    value: variableNamed(variable),
  };
}

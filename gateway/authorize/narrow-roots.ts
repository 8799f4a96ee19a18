import {
  type ArgumentNode,
  type FieldNode,
  type GraphQLObjectType,
  isListType,
  getNullableType,
  Kind,
  parseType,
  type VariableDefinitionNode,
} from "graphql";
import type { Authorized, Inquiry } from "../inquiry.js";

/** A root field that may run, asking about open merchants only. */
interface AdmittedRoot {
  readonly node: FieldNode;
  readonly inquiries: readonly Inquiry[];
}

/**
 * The second point of enforcement, root by root after variables were coerced: a merchant that opens nothing is not named
 * to any subgraph. A root that asks about one such merchant is cut; a portfolio asks about the others only, through a
 * variable of our own, so that one plan serves whoever is left.
 */
export class RootNarrower {
  readonly #authorized: Authorized;
  readonly #refused: ReadonlySet<string>;
  readonly #definitions = new Map<string, VariableDefinitionNode>();
  readonly #kept = new Map<string, readonly number[]>();
  readonly #variables: Record<string, unknown> = {};

  constructor(authorized: Authorized) {
    this.#authorized = authorized;
    this.#refused = new Set(authorized.refusedRoots.map((root) => root.responseKey));
  }

  /** Definitions and values of the variables that stand for shortened portfolios. */
  get definitions(): readonly VariableDefinitionNode[] {
    return [...this.#definitions.values()];
  }

  get variables(): Readonly<Record<string, unknown>> {
    return this.#variables;
  }

  /** Where the merchants of a shortened portfolio stood, by response key. */
  get keptPositions(): ReadonlyMap<string, readonly number[]> {
    return this.#kept;
  }

  /** The root as it may run, or `undefined` when it may not. */
  admit(node: FieldNode, type: GraphQLObjectType): AdmittedRoot | undefined {
    const key = (node.alias ?? node.name).value;
    if (this.#refused.has(key)) return undefined;
    const merchants = this.#authorized.positions.get(key);
    if (merchants === undefined) return { node, inquiries: [] };
    const open = merchants.flatMap((merchant, position) => {
      const inquiry = this.#authorized.inquiries.get(merchant);
      return inquiry === undefined || inquiry.granted.size === 0 ? [] : [{ inquiry, position }];
    });
    if (open.length === 0) return undefined;
    const inquiries = open.map(({ inquiry }) => inquiry);
    if (open.length === merchants.length) return { node, inquiries };
    this.#kept.set(
      key,
      open.map(({ position }) => position),
    );
    return { node: this.#shorten(node, type, inquiries), inquiries };
  }

  #shorten(node: FieldNode, type: GraphQLObjectType, inquiries: readonly Inquiry[]): FieldNode {
    const list = type
      .getFields()
      [node.name.value]?.args.find((argument) => isListType(getNullableType(argument.type)));
    if (list === undefined) throw new TypeError(`${node.name.value} takes no list of inquiries`);
    const key = (node.alias ?? node.name).value;
    const name = this.#nameFor(key);
    const variable = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } } as const;
    const definition = {
      kind: Kind.VARIABLE_DEFINITION,
      variable,
      type: parseType(String(list.type)),
    } as const;
    this.#definitions.set(key, definition);
    this.#variables[name] = inquiries.map(({ merchant, purpose, reference }) => ({
      id: merchant,
      purpose,
      reference,
    }));
    const others = (node.arguments ?? []).filter((argument) => argument.name.value !== list.name);
    const shortened: ArgumentNode = {
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: list.name },
      value: variable,
    };
    return { ...node, arguments: [...others, shortened] };
  }

  /** The same name each time for one response key, and none that the operation uses itself. */
  #nameFor(key: string): string {
    const known = this.#definitions.get(key);
    if (known !== undefined) return known.variable.name.value;
    const own = this.#authorized.operation.definition.variableDefinitions ?? [];
    const taken = new Set(own.map((definition) => definition.variable.name.value));
    let name = `open${this.#definitions.size}`;
    while (taken.has(name)) name += "_";
    return name;
  }
}

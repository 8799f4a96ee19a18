import {
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
} from "graphql";

export interface DrawnOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface Drawing {
  readonly schema: GraphQLSchema;
  readonly kind: "query" | "mutation";
  /** Response keys of a letter and a number each, so that any two can be exchanged for others. */
  readonly isAliased: boolean;
  /** With `@skip` and `@include`. */
  readonly isConditional: boolean;
  /** JSON values of a scalar, by the argument's name or its type's. */
  readonly values?: Readonly<Record<string, readonly unknown[]>>;
  readonly depthMax?: number;
}

const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  Int: [2, 1, 3],
  ID: ["s1", "b2", "1", "nothing"],
  String: ["g", "north", "x", 'a"b'],
  Boolean: [true, false],
};

/**
 * Draws an operation from a tape of numbers; zeros and an end of the tape draw the least. Fields keep their own names or get
 * a new alias each, so that no two of one name differ in arguments.
 */
export function drawOperation(tape: readonly number[], drawing: Drawing): DrawnOperation {
  return new Drawer(tape, drawing).draw();
}

class Drawer {
  readonly #tape: readonly number[];
  readonly #drawing: Drawing;
  readonly #fragments: string[] = [];
  readonly #definitions: string[] = [];
  readonly #variables: Record<string, unknown> = {};
  #at = 0;
  #names = 0;

  constructor(tape: readonly number[], drawing: Drawing) {
    this.#tape = tape;
    this.#drawing = drawing;
  }

  draw(): DrawnOperation {
    const { schema, kind } = this.#drawing;
    const root = kind === "query" ? schema.getQueryType() : schema.getMutationType();
    if (root == null) throw new Error(`no ${kind}`);
    const body = this.#set(root, 0);
    const head = this.#definitions.length === 0 ? "" : `(${this.#definitions.join(", ")})`;
    return {
      query: [`${kind} Drawn${head} ${body}`, ...this.#fragments].join("\n"),
      variables: this.#variables,
    };
  }

  #pick(n: number): number {
    const choice = this.#tape[this.#at] ?? 0;
    this.#at += 1;
    return n === 0 ? 0 : choice % n;
  }

  #name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  #set(type: GraphQLCompositeType, depth: number): string {
    const count = 1 + this.#pick(4);
    return `{ ${Array.from({ length: count }, () => this.#selection(type, depth)).join(" ")} }`;
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    const drawn = this.#pick(12);
    // Fragments at the root of a mutation change the order in which Apollo runs its fields.
    const choice = depth === 0 && this.#drawing.kind === "mutation" ? 0 : drawn;
    const isDeep = depth >= (this.#drawing.depthMax ?? 5);
    if (choice === 1) return `${this.#alias(true)}__typename${this.#directives()}`;
    if (isDeep) return this.#leaf(type);
    const inner = this.#narrowed(type);
    const on = choice !== 2 || inner !== type ? `on ${inner.name} ` : "";
    if (choice === 2 || choice === 3) return `... ${on}${this.#directives()}${this.#set(inner, depth + 1)}`;
    if (choice === 4) return this.#spread(inner, depth);
    const fields = "getFields" in type ? Object.values(type.getFields()) : [];
    const field = fields[this.#pick(fields.length)];
    return field === undefined
      ? `... on ${inner.name} ${this.#set(inner, depth + 1)}`
      : this.#field(field, depth);
  }

  /** For a fragment: the type itself, one that it stands for, or an interface that it has. */
  #narrowed(type: GraphQLCompositeType): GraphQLCompositeType {
    const { schema } = this.#drawing;
    const others = isAbstractType(type)
      ? schema.getPossibleTypes(type)
      : "getInterfaces" in type
        ? [type, ...type.getInterfaces()]
        : [];
    return others[this.#pick(others.length)] ?? type;
  }

  #leaf(type: GraphQLCompositeType): string {
    const fields = "getFields" in type ? Object.values(type.getFields()) : [];
    const leaves = fields.filter((field) => !isCompositeType(getNamedType(field.type)));
    const field = leaves[this.#pick(leaves.length)];
    return field === undefined ? `${this.#alias(true)}__typename` : this.#field(field, 0);
  }

  #spread(type: GraphQLCompositeType, depth: number): string {
    const name = this.#name("F");
    this.#fragments.push(`fragment ${name} on ${type.name} ${this.#set(type, depth + 1)}`);
    return `...${name}${this.#directives()}${this.#pick(4) === 1 ? ` ...${name}` : ""}`;
  }

  #alias(isNeeded: boolean): string {
    return isNeeded || this.#drawing.isAliased || this.#pick(3) === 1 ? `${this.#name("a")}: ` : "";
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number): string {
    const given = field.args.flatMap(({ name, type, defaultValue }) => {
      const isOptional = !isNonNullType(type) || defaultValue !== undefined;
      return isOptional && this.#pick(2) === 0 ? [] : [`${name}: ${this.#value(name, type)}`];
    });
    const inner = getNamedType(field.type);
    const alias = this.#alias(field.args.length > 0);
    const list = given.length === 0 ? "" : `(${given.join(", ")})`;
    const below = isCompositeType(inner) ? ` ${this.#set(inner, depth + 1)}` : "";
    return `${alias}${field.name}${list}${this.#directives()}${below}`;
  }

  #value(name: string, type: GraphQLInputType): string {
    const named = getNamedType(type);
    const known = this.#drawing.values?.[name] ?? this.#drawing.values?.[named.name] ?? VALUES[named.name];
    const values = isEnumType(named) ? named.getValues().map((value) => value.name) : (known ?? [null]);
    const one = values[this.#pick(values.length)];
    const inner = isNonNullType(type) ? type.ofType : type;
    const value = isListType(inner) && !Array.isArray(one) ? [one] : one;
    const variable = this.#name("v");
    const isLiteral = this.#pick(3) === 0;
    if (isLiteral) return isEnumType(named) ? String(one) : literal(value);
    this.#definitions.push(`$${variable}: ${String(type)}`);
    this.#variables[variable] = value;
    return `$${variable}`;
  }

  #directives(): string {
    if (!this.#drawing.isConditional) return "";
    const choice = this.#pick(10);
    if (choice === 0 || choice > 3) return "";
    const name = choice === 1 ? "skip" : "include";
    const value = this.#pick(4) === 0 ? name === "skip" : name !== "skip";
    const variable = this.#name("b");
    const spelling = this.#pick(3);
    if (spelling === 0) return ` @${name}(if: ${value})`;
    this.#definitions.push(`$${variable}: Boolean!${spelling === 1 ? ` = ${value}` : ""}`);
    if (spelling === 2) this.#variables[variable] = value;
    return ` @${name}(if: $${variable})`;
  }
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${key}: ${literal(member)}`)
    .join(", ")} }`;
}

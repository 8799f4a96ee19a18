import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import fc from "fast-check";

/** A random operation as a client would send it. */
export interface RandomOperation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface RandomOperationOptions {
  readonly schema: GraphQLSchema;
  /** Values of a custom scalar or of an argument, by name; the argument goes first. JSON values. */
  readonly values: Readonly<Record<string, readonly unknown[]>>;
  /** Root fields to begin with. */
  readonly roots: readonly string[];
  readonly kind?: "query" | "mutation";
  readonly depthMax?: number;
}

/** Choices that shrink: a shorter tape, or smaller numbers on it, is a smaller operation. */
export const tape = (): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.nat({ max: 9_999 }), { minLength: 20, maxLength: 160, size: "max" });

/**
 * Writes an operation from a tape of choices: aliases, fields twice, fragments named and inline, `@skip` and `@include`,
 * arguments as literals, as variables and as defaults.
 */
export function writeOperation(choices: readonly number[], options: RandomOperationOptions): RandomOperation {
  return new Writer(choices, options).write();
}

class Writer {
  readonly #options: RandomOperationOptions;
  readonly #choices: readonly number[];
  readonly #definitions: string[] = [];
  readonly #fragments: string[] = [];
  readonly #variables: Record<string, unknown> = {};
  #at = 0;
  #names = 0;

  constructor(choices: readonly number[], options: RandomOperationOptions) {
    this.#choices = choices;
    this.#options = options;
  }

  write(): RandomOperation {
    const { schema, kind = "query", roots } = this.#options;
    const type = kind === "query" ? schema.getQueryType() : schema.getMutationType();
    const count = 1 + this.#pick(3);
    const fields = Array.from({ length: count }, () => {
      const field = type?.getFields()[roots[this.#pick(roots.length)] ?? ""];
      return field === undefined ? "" : this.#field(field, 0, true);
    });
    const body = fields.join(" ");
    const head = this.#definitions.length === 0 ? "" : `(${this.#definitions.join(", ")})`;
    return {
      query: [`${kind} Random${head} { ${body} }`, ...this.#fragments].join("\n"),
      variables: this.#variables,
    };
  }

  /** The next choice below `n`; 0 when the tape is at its end. */
  #pick(n: number): number {
    const choice = this.#choices[this.#at] ?? 0;
    this.#at += 1;
    return choice % n;
  }

  #name(prefix: string): string {
    this.#names += 1;
    return `${prefix}${this.#names}`;
  }

  #selection(type: GraphQLCompositeType, depth: number): string {
    const names = Object.keys("getFields" in type ? type.getFields() : {});
    const count = 1 + this.#pick(5);
    const parts = Array.from({ length: count }, () => {
      const choice = this.#pick(10);
      if (choice === 1) return `${this.#name("t_")}: __typename${this.#directive()}`;
      if (choice === 2 && depth < this.#depthMax)
        return `... ${this.#pick(2) === 0 ? "" : `on ${type.name} `}${this.#directive()}{ ${this.#selection(type, depth + 1)} }`;
      if (choice === 3 && depth < this.#depthMax) return this.#spread(type, depth);
      const field = "getFields" in type ? type.getFields()[names[this.#pick(names.length)] ?? ""] : undefined;
      return field === undefined ? "" : this.#field(field, depth, false);
    });
    return [...parts, `${this.#name("t_")}: __typename`].join(" ");
  }

  get #depthMax(): number {
    return this.#options.depthMax ?? 6;
  }

  #spread(type: GraphQLCompositeType, depth: number): string {
    const name = this.#name("F");
    this.#fragments.push(`fragment ${name} on ${type.name} { ${this.#selection(type, depth + 1)} }`);
    const twice = this.#pick(3) === 1 ? ` ...${name}` : "";
    return `...${name}${this.#directive()}${twice}`;
  }

  #field(field: GraphQLField<unknown, unknown>, depth: number, aliased: boolean): string {
    const inner = getNamedType(field.type);
    if (isCompositeType(inner) && depth >= this.#depthMax) return `${this.#name("t_")}: __typename`;
    const args = field.args.flatMap((argument) => this.#argument(argument));
    // Two fields with one response key must have the same arguments, so what has arguments gets a name of its own.
    const alias = aliased || args.length > 0 || this.#pick(3) === 1 ? `${this.#name("a")}: ` : "";
    const list = args.length === 0 ? "" : `(${args.join(", ")})`;
    const below = isCompositeType(inner) ? ` { ${this.#selection(inner, depth + 1)} }` : "";
    return `${alias}${field.name}${list}${this.#directive()}${below}`;
  }

  #directive(): string {
    const choice = this.#pick(12);
    if (choice > 3) return "";
    const isTrue = this.#pick(3) !== 1;
    const name = choice % 2 === 0 ? "include" : "skip";
    const value = name === "include" ? isTrue : !isTrue;
    if (this.#pick(2) === 0) return ` @${name}(if: ${value})`;
    const variable = this.#name("v");
    if (this.#pick(2) === 0) this.#definitions.push(`$${variable}: Boolean! = ${value}`);
    else {
      this.#definitions.push(`$${variable}: Boolean!`);
      this.#variables[variable] = value;
    }
    return ` @${name}(if: $${variable})`;
  }

  #argument(argument: GraphQLArgument): string[] {
    const isOptional = !isNonNullType(argument.type) || argument.defaultValue !== undefined;
    if (isOptional && this.#pick(2) === 0) return [];
    const value = this.#value(argument.type, argument.name);
    if (value === undefined) return [];
    if (this.#pick(2) === 0) return [`${argument.name}: ${this.#literal(argument.type, value)}`];
    const variable = this.#name("v");
    if (this.#pick(3) === 1)
      this.#definitions.push(`$${variable}: ${argument.type} = ${this.#literal(argument.type, value)}`);
    else {
      this.#definitions.push(`$${variable}: ${argument.type}`);
      this.#variables[variable] = value;
    }
    return [`${argument.name}: $${variable}`];
  }

  #value(type: GraphQLInputType, name: string): unknown {
    if (isNonNullType(type)) return this.#value(type.ofType, name);
    const known = this.#options.values[name] ?? this.#options.values[getNamedType(type).name];
    if (isListType(type)) {
      const given = this.#options.values[`${name}[]`];
      if (given !== undefined) return given[this.#pick(given.length)];
      return Array.from({ length: this.#pick(4) }, () => this.#value(type.ofType as GraphQLInputType, name));
    }
    if (known !== undefined) return known[this.#pick(known.length)];
    if (isEnumType(type)) return type.getValues()[this.#pick(type.getValues().length)]?.name;
    if (!isInputObjectType(type)) return undefined;
    const members = Object.values(type.getFields()).flatMap((member) => {
      if (!isNonNullType(member.type) && this.#pick(2) === 0) return [];
      const value = this.#value(member.type, member.name);
      return value === undefined ? [] : [[member.name, value] as const];
    });
    return Object.fromEntries(members);
  }

  #literal(type: GraphQLInputType, value: unknown): string {
    if (isNonNullType(type)) return this.#literal(type.ofType, value);
    if (Array.isArray(value) && isListType(type))
      return `[${value.map((item) => this.#literal(type.ofType as GraphQLInputType, item)).join(", ")}]`;
    if (isEnumType(type)) return String(value);
    if (isInputObjectType(type)) {
      const members = Object.entries(value as object).map(
        ([name, member]) =>
          `${name}: ${this.#literal(type.getFields()[name]?.type as GraphQLInputType, member)}`,
      );
      return `{ ${members.join(", ")} }`;
    }
    return JSON.stringify(value);
  }
}

/** Every field of the roots that a schema has, of one kind of operation. */
export function rootFieldsOf(schema: GraphQLSchema, kind: "query" | "mutation"): readonly string[] {
  const type = kind === "query" ? schema.getQueryType() : schema.getMutationType();
  return isObjectType(type) ? Object.keys(type.getFields()) : [];
}

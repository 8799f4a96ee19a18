import {
  type ConstDirectiveNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  parse,
  type TypeNode,
} from "graphql";

/** Alternatives of terms, as the supergraph's `@policy` spells them: one alternative must hold whole. */
export type Rule = readonly (readonly string[])[];

export interface GraphArgument {
  readonly name: string;
  readonly type: TypeNode;
  /** `undefined` where the schema gives none. */
  readonly defaultValue: unknown;
}

export interface GraphField {
  readonly name: string;
  readonly type: TypeNode;
  readonly arguments: readonly GraphArgument[];
  /** Of the field itself. */
  readonly rule: Rule | undefined;
}

/** A type with fields: object or interface. */
export interface GraphType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, GraphField>;
  /** On every field of the type. */
  readonly rule: Rule | undefined;
}

/** The test's own reading of a schema text: nothing of the gateway's, so that both cannot be wrong alike. */
export interface Graph {
  readonly composites: ReadonlyMap<string, GraphType>;
  readonly enums: ReadonlyMap<string, readonly string[]>;
  readonly inputs: ReadonlyMap<string, readonly GraphArgument[]>;
}

const MACHINERY = /^(join__|link__|policy__|_)/;

/** Reads the text of a supergraph or of a subgraph. */
export function readGraph(sdl: string): Graph {
  const document: DocumentNode = parse(sdl, { noLocation: true });
  const composites = new Map<string, GraphType>();
  const enums = new Map<string, readonly string[]>();
  const inputs = new Map<string, readonly GraphArgument[]>();
  for (const definition of document.definitions) {
    if (!("name" in definition) || definition.name === undefined) continue;
    const name = definition.name.value;
    if (MACHINERY.test(name)) continue;
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION)
      enums.set(name, (definition.values ?? []).map((value) => value.name.value).toSorted());
    if (definition.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
      inputs.set(name, (definition.fields ?? []).map(readArgument));
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.INTERFACE_TYPE_DEFINITION)
      continue;
    const fields = new Map((definition.fields ?? []).map((field) => [field.name.value, readField(field)]));
    composites.set(name, { name, fields, rule: readRule(definition.directives) });
  }
  return { composites, enums, inputs };
}

function readField(field: FieldDefinitionNode): GraphField {
  return {
    name: field.name.value,
    type: field.type,
    arguments: (field.arguments ?? []).map(readArgument),
    rule: readRule(field.directives),
  };
}

function readArgument(node: InputValueDefinitionNode): GraphArgument {
  return {
    name: node.name.value,
    type: node.type,
    defaultValue: node.defaultValue === undefined ? undefined : plainValue(node.defaultValue, {}),
  };
}

function readRule(directives: readonly ConstDirectiveNode[] | undefined): Rule | undefined {
  const policy = directives?.find((directive) => directive.name.value === "policy");
  const value = policy?.arguments?.find((argument) => argument.name.value === "policies")?.value;
  return value === undefined ? undefined : (plainValue(value, {}) as Rule);
}

interface ValueLike {
  readonly kind: string;
  readonly value?: unknown;
  readonly values?: readonly unknown[];
  readonly fields?: readonly { readonly name: { readonly value: string }; readonly value: unknown }[];
  readonly name?: { readonly value: string };
}

/** The JSON value of a literal, variables put in; a variable without a value is `undefined`, as if never written. */
export function plainValue(node: unknown, variables: Readonly<Record<string, unknown>>): unknown {
  const { kind, value, values, fields, name } = node as ValueLike;
  switch (kind) {
    case Kind.VARIABLE:
      return variables[name?.value ?? ""];
    case Kind.NULL:
      return null;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(value);
    case Kind.LIST:
      return (values ?? []).map((item) => plainValue(item, variables));
    case Kind.OBJECT:
      return Object.fromEntries(
        (fields ?? []).map((field) => [field.name.value, plainValue(field.value, variables)]),
      );
    default:
      return value;
  }
}

export function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

/** Every category that a term of the rules names: `consent:REVIEWS` and `records:REVIEWS` name REVIEWS. */
export function categoriesIn(...rules: readonly (Rule | undefined)[]): readonly string[] {
  const terms = rules.flatMap((rule) => rule?.flat() ?? []);
  const named = terms.flatMap((term) => /^(?:consent|records):(.+)$/.exec(term)?.[1] ?? []);
  return [...new Set(named)];
}

/** True where `@skip` or `@include` leaves a selection out. */
export function isLeftOut(
  directives: readonly DirectiveNode[],
  variables: Readonly<Record<string, unknown>>,
): boolean {
  return directives.some(({ name, arguments: [condition] = [] }) => {
    const value = condition === undefined ? undefined : plainValue(condition.value, variables);
    return name.value === "skip" ? value === true : name.value === "include" && value === false;
  });
}

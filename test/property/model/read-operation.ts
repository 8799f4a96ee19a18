import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from "graphql";
import { type GraphField, isLeftOut, plainValue } from "../graph.js";

/** An operation as the model reads it: its own parse, its own variables. */
export interface ModelOperation {
  readonly definition: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Reads the text; a variable that was not given has its default. */
export function readOperation(text: string, given: Readonly<Record<string, unknown>>): ModelOperation {
  const document: DocumentNode = parse(text, { noLocation: true });
  const definition = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (definition === undefined) throw new Error("no operation");
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const variables: Record<string, unknown> = {};
  for (const { variable, defaultValue } of definition.variableDefinitions ?? []) {
    const name = variable.name.value;
    if (Object.hasOwn(given, name)) variables[name] = given[name];
    else if (defaultValue !== undefined) variables[name] = plainValue(defaultValue, {});
  }
  return { definition, fragments, variables };
}

/** The fields of selection sets on an object type, by response key, in the order of the answer. */
export function gather(
  operation: ModelOperation,
  typeName: string,
  sets: readonly (SelectionSetNode | undefined)[],
): ReadonlyMap<string, readonly FieldNode[]> {
  const found = new Map<string, FieldNode[]>();
  const seen = new Set<string>();
  const walk = (set: SelectionSetNode | undefined): void => {
    for (const node of set?.selections ?? []) {
      if (isLeftOut(node.directives ?? [], operation.variables)) continue;
      if (node.kind === Kind.FIELD) {
        const key = (node.alias ?? node.name).value;
        found.set(key, [...(found.get(key) ?? []), node]);
      } else if (node.kind === Kind.INLINE_FRAGMENT) {
        const on = node.typeCondition?.name.value ?? typeName;
        if (on === typeName) walk(node.selectionSet);
      } else if (!seen.has(node.name.value)) {
        seen.add(node.name.value);
        const fragment = operation.fragments.get(node.name.value);
        if (fragment?.typeCondition.name.value === typeName) walk(fragment.selectionSet);
      }
    }
  };
  for (const set of sets) walk(set);
  return found;
}

/** How much an operation selects once fragments stand where they are spread. */
export interface ExpandedSize {
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
}

export function expandedSize(operation: ModelOperation): ExpandedSize {
  const total = { fields: 0, aliases: 0, directives: 0 };
  const walk = (set: SelectionSetNode | undefined): void => {
    for (const node of set?.selections ?? []) {
      total.fields += 1;
      total.directives += node.directives?.length ?? 0;
      if (node.kind === Kind.FIELD && node.alias !== undefined) total.aliases += 1;
      walk(
        node.kind === Kind.FRAGMENT_SPREAD
          ? operation.fragments.get(node.name.value)?.selectionSet
          : node.selectionSet,
      );
    }
  };
  walk(operation.definition.selectionSet);
  return total;
}

/** The arguments of a field, defaults of the schema put in. */
export function argumentsOf(
  operation: ModelOperation,
  field: GraphField,
  node: FieldNode,
): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const { name, defaultValue } of field.arguments) {
    const written = node.arguments?.find((argument) => argument.name.value === name);
    const value = written === undefined ? undefined : plainValue(written.value, operation.variables);
    const settled = value === undefined ? defaultValue : value;
    if (settled !== undefined) values[name] = settled;
  }
  return values;
}

import { type DocumentNode, Kind } from "graphql";

/** Which object types stand behind a name: an interface's implementers, a union's members, an object itself. */
export interface PossibleTypes {
  /** True when an object of type `typeName` meets a condition on `condition`. */
  meets(typeName: string, condition: string): boolean;
  /** True for an interface or a union: the name of an object whose own type is not known yet. */
  isAbstract(typeName: string): boolean;
}

/** Reads them from a whole supergraph, what clients cannot see included: plans name it too. */
export function readPossibleTypes(supergraph: DocumentNode): PossibleTypes {
  const behind = new Map<string, Set<string>>();
  const abstract = new Set<string>();
  const put = (condition: string, typeName: string): void => {
    behind.set(condition, (behind.get(condition) ?? new Set()).add(typeName));
  };
  for (const definition of supergraph.definitions) {
    const isInterface = definition.kind === Kind.INTERFACE_TYPE_DEFINITION;
    if (isInterface || definition.kind === Kind.UNION_TYPE_DEFINITION) abstract.add(definition.name.value);
    if (
      definition.kind === Kind.OBJECT_TYPE_DEFINITION ||
      definition.kind === Kind.INTERFACE_TYPE_DEFINITION
    ) {
      // A subgraph may answer an interface's own name, where one object stands for all types behind it.
      for (const { name } of definition.interfaces ?? []) put(name.value, definition.name.value);
    } else if (definition.kind === Kind.UNION_TYPE_DEFINITION) {
      for (const { name } of definition.types ?? []) put(definition.name.value, name.value);
    }
  }
  return {
    meets: (typeName, condition) => typeName === condition || behind.get(condition)?.has(typeName) === true,
    isAbstract: (typeName) => abstract.has(typeName),
  };
}

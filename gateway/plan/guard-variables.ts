import { type FieldNode, Kind, type VariableNode } from "graphql";

/** Variables that begin with this are the gateway's; an operation that declares one is refused. */
export const GUARD_PREFIX = "__guard";

/** The field under `@include(if: $variable)` in place of its own conditions, which are part of the variable's value. */
export function included(field: FieldNode, variable: string): FieldNode {
  const directives = field.directives?.filter(({ name }) => !["include", "skip"].includes(name.value)) ?? [];
  return {
    ...field,
    directives: [
      ...directives,
      {
        kind: Kind.DIRECTIVE,
        name: { kind: Kind.NAME, value: "include" },
        arguments: [
          { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: "if" }, value: variableNamed(variable) },
        ],
      },
    ],
  };
}

/** A use of a variable. */
export function variableNamed(name: string): VariableNode {
  return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } };
}

import { type DocumentNode, getOperationAST, getVariableValues, type GraphQLSchema } from "graphql";
import { BureauError } from "../../schema/errors.js";
import type { Operation } from "../inquiry.js";
import { GUARD_PREFIX } from "../plan/guard-variables.js";

/** A GraphQL operation that was received, parsed and found valid. */
export interface GraphQLOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly sha256: string;
}

export interface ReadingOptions {
  readonly schema: GraphQLSchema;
  /** Says what the schema wants instead, and so what it holds; for where introspection is open. */
  readonly explains: boolean;
}

const PROBLEMS_MAX = 10;
/** What is told of them, in characters: the values are the sender's, and as long as it likes. */
const TOLD_MAX = 280;

/**
 * Picks the operation and coerces its variables, once: everything after works on the values as the schema reads them.
 * @throws BAD_USER_INPUT when the variables do not fit or bear names of the gateway's own, OPERATION_NOT_ALLOWED for subscriptions
 */
export function readOperation(request: GraphQLOperation, { schema, explains }: ReadingOptions): Operation {
  const definition = getOperationAST(request.document, request.operationName);
  if (definition == null) {
    const problem = "operationName must name one of the operations";
    throw new BureauError("BAD_USER_INPUT", problem, { facts: { problem } });
  }
  if (definition.operation === "subscription") throw new BureauError("OPERATION_NOT_ALLOWED");
  const names = (definition.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
  if (names.some((name) => name.startsWith(GUARD_PREFIX))) {
    const problem = `names of variables that begin with ${GUARD_PREFIX} are the gateway's own`;
    throw new BureauError("BAD_USER_INPUT", problem, { facts: { argument: "variables", problem } });
  }
  const coerced = getVariableValues(
    schema,
    definition.variableDefinitions ?? [],
    { ...request.variables },
    { maxErrors: PROBLEMS_MAX },
  );
  if (coerced.errors !== undefined) {
    const detail = coerced.errors.map((error) => error.message).join("; ");
    const names = new Set(
      coerced.errors.map(({ message }) => /^Variable "(\$\w+)"/.exec(message)?.[1] ?? "?"),
    );
    const told = explains ? detail : `these variables do not fit: ${[...names].join(", ")}`;
    const problem = told.length > TOLD_MAX ? `${told.slice(0, TOLD_MAX)}...` : told;
    throw new BureauError("BAD_USER_INPUT", detail, { facts: { argument: "variables", problem } });
  }
  const { document, sha256 } = request;
  return { schema, document, definition, variables: coerced.coerced, sha256 };
}

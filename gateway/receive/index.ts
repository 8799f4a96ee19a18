import { type DocumentNode, GraphQLError, Kind, type OperationDefinitionNode, parse } from "graphql";
import { Lru } from "../../foundation/lru.js";
import { BureauError } from "../../schema/errors.js";
import type { GraphQLBody } from "../../schema/subgraph.js";
import type { OperationLimits } from "./limits.js";
import { measureDocument } from "./measure-document.js";
import { measureOperation } from "./measure-operation.js";
import { measureVariables } from "./measure-variables.js";

const ADMITTED_MAX = 1_000;
const SOURCE_CHARACTERS_MAX = 60_000;
const MEMBERS = new Set(["query", "variables", "operationName", "extensions"]);

/** Judges the body of a GraphQL request before anything is validated or planned. */
export type Receive = (body: unknown) => GraphQLBody;

/**
 * Builds the first station. It refuses arrays (batching), unknown members, persisted-query extensions, and operations
 * beyond the limits. Sources that passed are remembered, at most 1,000.
 * @throws BAD_USER_INPUT, OPERATION_TOO_LARGE, OPERATION_TOO_DEEP, OPERATION_TOO_MANY_ALIASES, OPERATION_NOT_ALLOWED
 */
export function createReceive(limits: OperationLimits): Receive {
  const admitted = new Lru<string, true>(ADMITTED_MAX);
  return (body) => {
    const request = readBody(body);
    requireVariablesWithin(request.variables, limits);
    if (admitted.get(request.query) === true) return request;
    const document = parseSource(request.query, limits);
    requireDocumentWithin(document, limits);
    for (const operation of operationsOf(document)) requireWithin(document, operation, limits);
    admitted.set(request.query, true);
    return request;
  };
}

function readBody(body: unknown): GraphQLBody {
  if (Array.isArray(body)) throw refuse("OPERATION_NOT_ALLOWED", "batched requests are not served");
  if (typeof body !== "object" || body === null)
    throw refuse("BAD_USER_INPUT", "the body must be a JSON object");
  for (const member of Object.keys(body)) {
    if (!MEMBERS.has(member)) throw refuse("BAD_USER_INPUT", "unknown member in the body");
  }
  const { query, variables, operationName, extensions } = body as Record<string, unknown>;
  if (typeof query !== "string" || query === "")
    throw refuse("BAD_USER_INPUT", "query must be a non-empty string");
  if (query.length > SOURCE_CHARACTERS_MAX)
    throw refuse("OPERATION_TOO_LARGE", `query exceeds ${SOURCE_CHARACTERS_MAX} characters`);
  if (variables != null && (typeof variables !== "object" || Array.isArray(variables))) {
    throw refuse("BAD_USER_INPUT", "variables must be an object");
  }
  if (operationName != null && typeof operationName !== "string")
    throw refuse("BAD_USER_INPUT", "operationName must be a string");
  if (extensions != null && (typeof extensions !== "object" || Array.isArray(extensions)))
    throw refuse("BAD_USER_INPUT", "extensions must be an object");
  if (extensions != null && "persistedQuery" in extensions)
    throw refuse("OPERATION_NOT_ALLOWED", "persisted queries are not served");
  return {
    query,
    variables: (variables ?? undefined) as GraphQLBody["variables"],
    operationName: operationName ?? undefined,
  };
}

function parseSource(source: string, limits: OperationLimits): DocumentNode {
  try {
    return parse(source, { maxTokens: limits.tokensMax });
  } catch (error) {
    if (error instanceof GraphQLError && error.message.includes("tokens")) {
      throw refuse("OPERATION_TOO_LARGE", `the document exceeds ${limits.tokensMax} tokens`);
    }
    throw error;
  }
}

function requireVariablesWithin(variables: GraphQLBody["variables"], limits: OperationLimits): void {
  if (variables === undefined) return;
  const { values, depth } = measureVariables(variables, limits.variableValuesMax);
  if (values > limits.variableValuesMax)
    throw refuse("OPERATION_TOO_LARGE", `more than ${limits.variableValuesMax} values in the variables`);
  if (depth > limits.valueDepthMax)
    throw refuse("OPERATION_TOO_DEEP", `variables deeper than ${limits.valueDepthMax} levels`);
}

function requireDocumentWithin(document: DocumentNode, limits: OperationLimits): void {
  const size = measureDocument(document);
  if (size.operations > limits.operationsMax)
    throw refuse("OPERATION_TOO_LARGE", `more than ${limits.operationsMax} operations`);
  if (size.fragments > limits.fragmentsMax)
    throw refuse("OPERATION_TOO_LARGE", `more than ${limits.fragmentsMax} fragments`);
  if (size.directives > limits.directivesMax)
    throw refuse("OPERATION_TOO_LARGE", `more than ${limits.directivesMax} directives`);
  if (size.directivesOfOne > limits.directivesOfOneMax)
    throw refuse("OPERATION_TOO_LARGE", `more than ${limits.directivesOfOneMax} directives on one place`);
  if (size.repeats > limits.repeatsMax)
    throw refuse("OPERATION_TOO_LARGE", `more than ${limits.repeatsMax} fields that repeat another`);
  if (size.valueDepth > limits.valueDepthMax)
    throw refuse("OPERATION_TOO_DEEP", `a value or type deeper than ${limits.valueDepthMax} levels`);
}

function operationsOf(document: DocumentNode): OperationDefinitionNode[] {
  return document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
}

function requireWithin(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  limits: OperationLimits,
): void {
  const size = measureOperation(document, operation);
  if (size.selections > limits.expandedSelectionsMax) {
    throw refuse(
      "OPERATION_TOO_LARGE",
      `more than ${limits.expandedSelectionsMax} selections once fragments are expanded`,
    );
  }
  if (operation.selectionSet.selections.length > limits.rootFieldsMax) {
    throw refuse("OPERATION_TOO_LARGE", `more than ${limits.rootFieldsMax} root fields`);
  }
  if (size.directives > limits.directivesMax)
    throw refuse("OPERATION_TOO_LARGE", `more than ${limits.directivesMax} directives`);
  if (size.depth > limits.depthMax)
    throw refuse("OPERATION_TOO_DEEP", `deeper than ${limits.depthMax} levels`);
  if (size.aliases > limits.aliasesMax)
    throw refuse("OPERATION_TOO_MANY_ALIASES", `more than ${limits.aliasesMax} aliases`);
}

function refuse(code: ConstructorParameters<typeof BureauError>[0], problem: string): BureauError {
  return new BureauError(code, problem, { facts: { problem } });
}

import { type DocumentNode, GraphQLError, Kind, type OperationDefinitionNode, parse } from "graphql";
import { LRUCache } from "lru-cache";
import { BureauError } from "../../schema/errors.js";
import type { GraphQLBody } from "../../schema/subgraph.js";
import type { OperationLimits } from "./limits.js";
import { measureDocument } from "./measure-document.js";
import { measureOperation } from "./measure-operation.js";
import { measureVariables } from "./measure-variables.js";

const ADMITTED_MAX = 1_000;
const SOURCE_CHARACTERS_MAX = 60_000;
const MEMBERS = new Set(["query", "documentId", "variables", "operationName", "extensions"]);

/** A request by its form: an operation written out, or the id of a trusted document. */
export type GraphQLForm = GraphQLBody | DocumentForm;

/** A persisted document request (GraphQL over HTTP, appendix A); the document is looked up by `documentId`. */
export interface DocumentForm extends Omit<GraphQLBody, "query"> {
  /** Lower-case hex SHA-256 of the document's text. */
  readonly documentId: string;
}

/** Judges the body of a GraphQL request before anything is validated or planned. */
export interface Receive {
  /**
   * The form of the body and the size of its variables; no document is looked at. Arrays (batching), unknown members and
   * automatic persisted queries are refused.
   * @throws BAD_USER_INPUT, OPERATION_TOO_LARGE, OPERATION_TOO_DEEP, OPERATION_NOT_ALLOWED
   */
  form(body: unknown): GraphQLForm;
  /**
   * The text of a document. Texts that passed are remembered, at most 1,000.
   * @throws OPERATION_TOO_LARGE, OPERATION_TOO_DEEP, OPERATION_TOO_MANY_ALIASES, GraphQLError for what is no GraphQL
   */
  text(source: string): void;
}

/** Builds the first station. */
export function createReceive(limits: OperationLimits): Receive {
  const admitted = new LRUCache<string, true>({ max: ADMITTED_MAX });
  return {
    form: (body) => {
      const request = readForm(body);
      requireVariablesWithin(request.variables, limits);
      return request;
    },
    text: (source) => {
      if (admitted.get(source) === true) return;
      readDocument(source, limits);
      admitted.set(source, true);
    },
  };
}

/**
 * Parses the text of a document that is within the limits, as every document is, whoever wrote it and wherever it came from.
 * @throws OPERATION_TOO_LARGE, OPERATION_TOO_DEEP, OPERATION_TOO_MANY_ALIASES, GraphQLError for what is no GraphQL
 */
export function readDocument(source: string, limits: OperationLimits): DocumentNode {
  if (source.length > SOURCE_CHARACTERS_MAX)
    throw refuse("OPERATION_TOO_LARGE", `query exceeds ${SOURCE_CHARACTERS_MAX} characters`);
  const document = parseSource(source, limits);
  requireDocumentWithin(document, limits);
  for (const operation of operationsOf(document)) requireWithin(document, operation, limits);
  return document;
}

function readForm(body: unknown): GraphQLForm {
  if (Array.isArray(body)) throw refuse("OPERATION_NOT_ALLOWED", "batched requests are not served");
  if (typeof body !== "object" || body === null)
    throw refuse("BAD_USER_INPUT", "the body must be a JSON object");
  for (const member of Object.keys(body)) {
    if (!MEMBERS.has(member)) throw refuse("BAD_USER_INPUT", "unknown member in the body");
  }
  const { query, documentId, variables, operationName, extensions } = body as Record<string, unknown>;
  if (extensions != null && (typeof extensions !== "object" || Array.isArray(extensions)))
    throw refuse("BAD_USER_INPUT", "extensions must be an object");
  if (extensions != null && "persistedQuery" in extensions)
    throw refuse("OPERATION_NOT_ALLOWED", "automatic persisted queries are not served");
  if (variables != null && (typeof variables !== "object" || Array.isArray(variables)))
    throw refuse("BAD_USER_INPUT", "variables must be an object");
  if (operationName != null && typeof operationName !== "string")
    throw refuse("BAD_USER_INPUT", "operationName must be a string");
  const rest = {
    variables: (variables ?? undefined) as GraphQLBody["variables"],
    operationName: operationName ?? undefined,
  };
  if (documentId == null) return { query: readQuery(query), ...rest };
  if (query != null) throw refuse("BAD_USER_INPUT", "query and documentId exclude each other");
  return { documentId: readDocumentId(documentId), ...rest };
}

function readQuery(query: unknown): string {
  if (typeof query !== "string" || query === "")
    throw refuse("BAD_USER_INPUT", "query must be a non-empty string");
  if (query.length > SOURCE_CHARACTERS_MAX)
    throw refuse("OPERATION_TOO_LARGE", `query exceeds ${SOURCE_CHARACTERS_MAX} characters`);
  return query;
}

/** SHA-256 hex document identifiers only (GraphQL over HTTP, appendix A): what an id means is not for us to agree. */
function readDocumentId(documentId: unknown): string {
  const [, hex] = /^sha256:([0-9a-f]{64})$/.exec(typeof documentId === "string" ? documentId : "") ?? [];
  if (hex === undefined)
    throw refuse("BAD_USER_INPUT", "documentId must be sha256: and 64 lower-case hexadecimal digits");
  return hex;
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

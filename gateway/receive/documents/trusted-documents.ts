import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  NoSchemaIntrospectionCustomRule,
  type OperationDefinitionNode,
  specifiedRules,
  validate,
} from "graphql";
import { ConfigError } from "../../../foundation/config.js";
import { BureauError } from "../../../schema/errors.js";
import { readDocument } from "../index.js";
import type { OperationLimits } from "../limits.js";
import { EVERY_CLIENT } from "./document-settings.js";
import type { DocumentSource } from "./read-sources.js";

/** A document that the operator trusts: read, within the limits and valid, once and at the start. */
export interface TrustedDocument {
  /** Lower-case hex SHA-256 of `text`. */
  readonly id: string;
  readonly text: string;
  readonly document: DocumentNode;
  /** The schema that it is valid against: another supergraph has another. */
  readonly schema: GraphQLSchema;
  /** The name of its one operation, where it has one. */
  readonly operationName: string | undefined;
}

/** What a document is judged by. */
export interface DocumentReading {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
  /** Where introspection is closed, no document introspects either. */
  readonly introspection: boolean;
}

/** The documents that are trusted, and the clients that run nothing else. */
export interface TrustedDocuments {
  /** @throws PERSISTED_DOCUMENT_NOT_FOUND; BAD_USER_INPUT when `operationName` is given and not the document's own */
  find(id: string, operationName: string | undefined): TrustedDocument;
  /** False where every client may write its operations itself. */
  readonly isRequiredOfAny: boolean;
  isRequiredOf(clientId: string): boolean;
}

/**
 * Reads the documents of a start.
 * @throws ConfigError with one sentence for each document that cannot be trusted
 */
export function createTrustedDocuments(
  sources: readonly DocumentSource[],
  requiredOf: readonly string[],
  reading: DocumentReading,
): TrustedDocuments {
  const documents = new Map<string, TrustedDocument>();
  const problems: string[] = [];
  for (const source of sources) {
    const trusted = trustDocument(source, reading);
    if (typeof trusted === "string") problems.push(`${source.from}: ${trusted}`);
    else documents.set(trusted.id, trusted);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const required = new Set(requiredOf);
  return {
    find: (id, operationName) => requireOwnName(documents.get(id), operationName),
    isRequiredOfAny: required.size > 0,
    isRequiredOf: (clientId) => required.has(EVERY_CLIENT) || required.has(clientId),
  };
}

/** @throws PERSISTED_DOCUMENT_NOT_FOUND, BAD_USER_INPUT */
function requireOwnName(
  trusted: TrustedDocument | undefined,
  operationName: string | undefined,
): TrustedDocument {
  if (trusted === undefined) throw new BureauError("PERSISTED_DOCUMENT_NOT_FOUND");
  if (operationName !== undefined && operationName !== trusted.operationName) {
    const problem = "operationName must name the document's operation, or be absent";
    throw new BureauError("BAD_USER_INPUT", problem, { facts: { problem } });
  }
  return trusted;
}

/**
 * Judges one document as the doors judge an operation that is written out: limits, syntax, validity. One document holds
 * one operation (a persisted operation, GraphQL over HTTP appendix A), so that an id says what runs.
 * @returns the document, or in one sentence why it is not trusted
 */
export function trustDocument(
  { id, text }: Pick<DocumentSource, "id" | "text">,
  { schema, limits, introspection }: DocumentReading,
): TrustedDocument | string {
  let document: DocumentNode;
  try {
    document = readDocument(text, limits);
  } catch (error) {
    return whyUnread(error);
  }
  const operations = document.definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  const [operation] = operations;
  if (operation === undefined || operations.length > 1)
    return `it holds ${operations.length} operations, not exactly one`;
  if (operation.operation === "subscription") return "it is a subscription, which is not served";
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const [invalid] = validate(schema, document, rules);
  if (invalid !== undefined) return `it is not valid against the schema: ${placed(invalid)}`;
  return { id, text, document, schema, operationName: operation.name?.value };
}

function whyUnread(error: unknown): string {
  if (error instanceof BureauError) return `${error.code}, ${error.detail ?? error.message}`;
  if (error instanceof GraphQLError) return `it cannot be read: ${placed(error)}`;
  throw error;
}

function placed({ message, locations = [] }: GraphQLError): string {
  const [at] = locations;
  return at === undefined ? message : `${message} (line ${at.line}, column ${at.column})`;
}

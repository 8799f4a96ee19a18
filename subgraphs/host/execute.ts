import { type DocumentNode, execute, GraphQLError, type GraphQLSchema, parse, validate } from "graphql";
import { LRUCache } from "lru-cache";
import { BureauError, ERRORS } from "../../schema/errors.js";
import type { GraphQLBody, SubgraphAnswer, WireError } from "../../schema/subgraph.js";

const DOCUMENTS_MAX = 1_000;

/** Executes request bodies against one schema; parsed and validated documents are kept, at most 1,000. */
export class Executor {
  readonly #schema: GraphQLSchema;
  readonly #documents = new LRUCache<string, DocumentNode>({ max: DOCUMENTS_MAX });

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** Errors leave by code; anything unexpected is masked. Values are made plain JSON, as over HTTP. */
  async run(body: string, context: object): Promise<SubgraphAnswer> {
    let request: GraphQLBody;
    try {
      request = JSON.parse(body) as GraphQLBody;
      if (typeof request.query !== "string") throw new SyntaxError("no query");
    } catch (error) {
      return { errors: [wireError(new BureauError("BAD_USER_INPUT", "body", { cause: error }))] };
    }
    const document = this.#document(request.query);
    if (!("kind" in document)) return { errors: document };
    const result = await execute({
      schema: this.#schema,
      document,
      contextValue: context,
      variableValues: request.variables ?? {},
      operationName: request.operationName ?? null,
    });
    const answer: { data?: Record<string, unknown> | null; errors?: WireError[] } = {};
    if (result.data !== undefined) answer.data = result.data as Record<string, unknown> | null;
    if (result.errors !== undefined) answer.errors = result.errors.map(wireError);
    return answer;
  }

  #document(query: string): DocumentNode | WireError[] {
    const known = this.#documents.get(query);
    if (known !== undefined) return known;
    try {
      const document = parse(query, { maxTokens: 20_000, noLocation: true });
      const problems = validate(this.#schema, document);
      if (problems.length > 0) return problems.map(wireError);
      this.#documents.set(query, document);
      return document;
    } catch (error) {
      return [wireError(error)];
    }
  }
}

/** The form in which an error leaves a subgraph: code and facts of an expected one, nothing of a bug. */
export function wireError(error: unknown): WireError {
  const path = error instanceof GraphQLError && error.path !== undefined ? { path: error.path } : {};
  const cause = error instanceof GraphQLError ? error.originalError : error;
  if (cause instanceof BureauError) {
    return { message: cause.message, ...path, extensions: { ...cause.facts, code: cause.code } };
  }
  if (error instanceof GraphQLError && (cause === undefined || cause instanceof GraphQLError)) {
    return { message: error.message, ...path, extensions: { code: "BAD_USER_INPUT" } };
  }
  return {
    message: ERRORS.SERVICE_UNAVAILABLE.message,
    ...path,
    extensions: { code: "INTERNAL_SERVER_ERROR" },
  };
}

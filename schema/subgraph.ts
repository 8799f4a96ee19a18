import type { GraphQLSchema } from "graphql";

/** A GraphQL request as its JSON body holds it. */
export interface GraphQLBody {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly operationName?: string | undefined;
}

/** One request of the gateway to a subgraph. `body` is the exact JSON text that the permit's hash covers. */
export interface SubgraphRequest {
  readonly permit: string | undefined;
  readonly body: string;
}

/** An error as it crosses the wire: by code, never by class. */
export interface WireError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string; readonly [fact: string]: unknown };
}

/** What a subgraph answers; plain JSON values, so that both modes carry the same. */
export interface SubgraphAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly WireError[];
}

/** A subgraph is a value that does not listen: it can be served in-process or over HTTP. */
export interface Subgraph {
  readonly name: string;
  readonly sdl: string;
  readonly schema: GraphQLSchema;
  /**
   * The context value for one request, fresh loaders included.
   * @throws PERMIT_REQUIRED, PERMIT_INVALID when the gateway's assertion is missing or does not cover the request
   */
  context(request: SubgraphRequest): Promise<object>;
  /** Verifies the permit, executes, and masks what is not expected; never throws. */
  execute(request: SubgraphRequest): Promise<SubgraphAnswer>;
}

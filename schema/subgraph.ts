import type { GraphQLSchema } from "graphql";

/** One request of the gateway to a subgraph. `body` is the exact JSON text that the permit's hash covers. */
export interface SubgraphRequest {
  readonly permit: string | undefined;
  readonly body: string;
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
}

import type { FastifyReply, FastifyRequest } from "fastify";
import { asksForLegacyJson, GRAPHQL_RESPONSE, mediaTypeOf } from "./media-type.js";

/** The document or its variables are not right: nothing was executed. */
const REQUEST_ERRORS: ReadonlySet<unknown> = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
]);

/**
 * Last touch on every answer of the doors for GraphQL: the media type that was asked for, on refusals too, and, for a client
 * that names `application/json`, status 200 on a document or variables that are not right (GraphQL over HTTP section
 * 6.4.1). Every other refusal keeps its status: it is no answer to a GraphQL request.
 */
export function toAskedMedia(request: FastifyRequest, reply: FastifyReply, payload: unknown): void {
  // As it came: the general door tells Apollo something shorter.
  const { accept } = request.raw.headers;
  if (mediaTypeOf(accept) === GRAPHQL_RESPONSE) {
    reply.header("content-type", `${GRAPHQL_RESPONSE}; charset=utf-8`);
    return;
  }
  if (reply.statusCode === 400 && asksForLegacyJson(accept) && isRequestError(payload)) reply.code(200);
}

function isRequestError(payload: unknown): boolean {
  if (typeof payload !== "string") return false;
  const { errors = [] } = JSON.parse(payload) as {
    readonly errors?: readonly { readonly extensions?: Readonly<Record<string, unknown>> }[];
  };
  return errors.every(
    ({ extensions }) => REQUEST_ERRORS.has(extensions?.["code"]) || extensions?.["argument"] === "variables",
  );
}

import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";
import { ERRORS, isErrorCode } from "../../schema/errors.js";
import { maskedError, safeError } from "../answer/safe-error.js";
import { refusalHeaders } from "./refusal-headers.js";

/** The last word on whatever a route throws: its status, its headers, its code; `report` hears of what is no refusal of form. */
export function sendError(
  error: unknown,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  report: () => void,
): FastifyReply {
  const status = (error as FastifyError).statusCode;
  if (error instanceof GraphQLError && error.extensions["code"] === undefined) {
    return sendPlain(reply, 400, { code: "GRAPHQL_PARSE_FAILED", message: error.message });
  }
  if (status === 413)
    return sendPlain(reply, 413, { code: "PAYLOAD_TOO_LARGE", message: ERRORS.PAYLOAD_TOO_LARGE.message });
  if (status === 415)
    return sendPlain(reply, 415, {
      code: "UNSUPPORTED_MEDIA_TYPE",
      message: ERRORS.UNSUPPORTED_MEDIA_TYPE.message,
    });
  if (status !== undefined && status >= 400 && status < 500) {
    return sendPlain(reply, status, { code: "BAD_REQUEST", message: "The request is not valid." });
  }
  report();
  const safe = safeError(error);
  const code = safe.extensions["code"];
  if (!isErrorCode(code))
    return sendPlain(reply, 500, { ...maskedError().extensions, message: safe.message });
  const http = ERRORS[code].http;
  reply.headers(Object.fromEntries(refusalHeaders(error, request.headers.authorization)));
  return sendPlain(reply, http, { ...safe.extensions, message: safe.message });
}

/** GraphQL's shape on every route, so that one client code reads all errors. */
export function sendPlain(
  reply: FastifyReply,
  status: number,
  { message, ...extensions }: Record<string, unknown>,
): FastifyReply {
  return reply
    .code(status)
    .header("content-type", "application/json; charset=utf-8")
    .send({ errors: [{ message, extensions }] });
}

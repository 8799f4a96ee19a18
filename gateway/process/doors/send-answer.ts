import type { FastifyReply } from "fastify";
import type { Answer } from "../../answer/index.js";
import { tellError } from "../../answer/tell-error.js";
import { LEGACY_JSON } from "../media-type.js";

/** Status and headers that an error carries for whoever sends it. */
interface HttpHead {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/** Sends an answer as the general door does: the same members in the same order, errors told alike, the last line ended. */
export function sendAnswer(reply: FastifyReply, { errors, data, extensions }: Answer): FastifyReply {
  for (const error of errors ?? []) {
    const head = error.extensions["http"] as HttpHead | undefined;
    if (head !== undefined) reply.code(head.status).headers(Object.fromEntries(head.headers));
  }
  const told = errors?.map((error) => tellError(error.toJSON()));
  return reply
    .header("content-type", `${LEGACY_JSON}; charset=utf-8`)
    .send(`${JSON.stringify({ errors: told, data, extensions })}\n`);
}

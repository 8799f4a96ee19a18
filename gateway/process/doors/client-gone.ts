import type { FastifyReply } from "fastify";
import { BureauError } from "../../../schema/errors.js";

/** Aborts when the connection closes before the answer was written. */
export function clientGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once("close", () => {
    if (!raw.writableFinished) gone.abort(new BureauError("SERVICE_UNAVAILABLE", "the client is gone"));
  });
  return gone.signal;
}

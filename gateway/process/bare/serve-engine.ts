import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { BareEngine } from "./bare-engine.js";
import { asksForLegacyJson, mediaTypeOf } from "../media-type.js";

const BODY_BYTES_MAX = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Puts an engine behind HTTP: POST with a JSON body, answered in the media type that was asked for, with 400 for a request
 * that was not executed, except to clients of the legacy type (GraphQL over HTTP, section 6.4). It does not listen yet.
 */
export async function serveEngine(engine: BareEngine): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: "idle",
  });
  app.setErrorHandler((error: FastifyError, _request, reply) =>
    reply
      .code(error.statusCode ?? 500)
      .send({ errors: [{ message: error.statusCode === undefined ? "the request failed" : error.message }] }),
  );
  app.get("/health", async () => ({ status: "live" }));
  app.route({
    method: ["GET", "PUT", "PATCH", "DELETE"],
    url: "/graphql",
    handler: (_request, reply) =>
      reply
        .code(405)
        .header("allow", "POST")
        .send({ errors: [{ message: "only POST is served" }] }),
  });
  app.post("/graphql", async (request, reply) => {
    const { accept } = request.headers;
    const left = new AbortController();
    reply.raw.once("close", () => left.abort());
    const result = await engine.execute(request.body, left.signal);
    const isRefused = !("data" in result);
    return reply
      .code(isRefused && !asksForLegacyJson(accept) ? 400 : 200)
      .header("content-type", `${mediaTypeOf(accept)}; charset=utf-8`)
      .send(JSON.stringify(result));
  });
  return app;
}

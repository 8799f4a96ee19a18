import Fastify, { type FastifyInstance } from "fastify";
import { ERRORS, isErrorCode } from "../../schema/errors.js";
import type { Subgraph } from "../../schema/subgraph.js";
import { PERMIT_CHARACTERS_MAX } from "./permit.js";

const BODY_BYTES_MAX = 1024 * 1024;
const BEARER = /^Bearer +([^ ,]+)$/i;

/**
 * One subgraph behind `POST /graphql`. It answers nobody without the gateway's permit, which must cover the exact
 * bytes of the body; it says nothing of its schema to anyone. It does not listen yet.
 */
export function createSubgraphServer(subgraph: Subgraph): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: "idle",
    http: { maxHeaderSize: PERMIT_CHARACTERS_MAX + 4_096 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
    done(null, body),
  );
  app.get("/health/live", async () => ({ status: "live", subgraph: subgraph.name }));
  app.post("/graphql", async (request, reply) => {
    const permit = BEARER.exec(request.headers.authorization ?? "")?.[1];
    const answer = await subgraph.execute({ permit, body: String(request.body ?? "") });
    const code = answer.data === undefined ? answer.errors?.[0]?.extensions.code : undefined;
    const status = isErrorCode(code) ? ERRORS[code].http : code === undefined ? 200 : 500;
    return reply
      .code(status)
      .header("cache-control", "no-store")
      .type("application/json; charset=utf-8")
      .send(JSON.stringify(answer));
  });
  return app;
}

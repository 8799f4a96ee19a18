import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { TokenVerifier } from "../foundation/tokens.js";
import { replay, withTokenId } from "./protocol/form-request.js";
import { interactionRoutes } from "./pages/interaction-routes.js";
import { STYLE } from "./pages/layout.js";
import { formOf, type PageParts, prefixOf } from "./pages/page-context.js";
import { requestsRoutes } from "./pages/requests-routes.js";

/** A form is small; the protocol's own endpoints have a limit of their own. */
const FORM_BYTES_MAX = 32 * 1024;

export interface MountParts extends PageParts {
  /** Verifies access tokens of this server, expired ones not. */
  readonly verify: TokenVerifier;
}

/** Puts the protocol's endpoints, the pages and the metadata (RFC 8414 section 3) into an HTTP server. */
export async function mount(app: FastifyInstance, parts: MountParts): Promise<void> {
  const prefix = prefixOf(parts);
  await app.register(async (scope) => protocolRoutes(scope, parts), { prefix });
  await app.register(async (scope) => formRoutes(scope, parts), { prefix });
  await app.register(async (scope) => {
    for (const name of ["oauth-authorization-server", "openid-configuration"])
      scope.get(`/.well-known/${name}${prefix}`, (request, reply) =>
        serve(parts, request, { reply, path: `/.well-known/${name}` }),
      );
  });
}

async function protocolRoutes(scope: FastifyInstance, parts: MountParts): Promise<void> {
  scope.removeAllContentTypeParsers();
  // The package reads the stream itself.
  scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
  scope.all("/*", (request, reply) =>
    serve(parts, request, { reply, path: request.raw.url?.slice(prefixOf(parts).length) ?? "/" }),
  );
}

async function formRoutes(scope: FastifyInstance, parts: MountParts): Promise<void> {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: FORM_BYTES_MAX },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  scope.addHook("onRequest", async (request) => anchor(request.raw, parts.issuer));
  interactionRoutes(scope, parts);
  requestsRoutes(scope, parts);
  scope.get("/pages.css", async (_request, reply) =>
    reply.headers({ "content-type": "text/css; charset=utf-8", "cache-control": "max-age=3600" }).send(STYLE),
  );
  for (const path of ["/revoke", "/introspect"])
    scope.post(path, async (request, reply) => {
      const form = await withTokenId(formOf(request), parts.verify);
      return serve(parts, request, { reply, path, raw: replay(request.raw, form) });
    });
}

/**
 * Hands a request to the package. Addresses in its answers, `htu` of proofs and the security of cookies follow from the
 * configured issuer, whatever the request says of its host.
 */
function serve(
  parts: MountParts,
  request: FastifyRequest,
  { reply, path, raw = request.raw }: { reply: FastifyReply; path: string; raw?: IncomingMessage },
): FastifyReply {
  reply.hijack();
  reply.raw.setHeader("x-request-id", request.id);
  reply.raw.setHeader("x-content-type-options", "nosniff");
  anchor(raw, parts.issuer);
  const target = raw as IncomingMessage & { originalUrl?: string };
  target.originalUrl = `${prefixOf(parts)}${path}`;
  target.url = path;
  void parts.provider().callback()(raw, reply.raw);
  return reply;
}

function anchor(raw: IncomingMessage, issuer: string): void {
  const { host, protocol } = new URL(issuer);
  raw.headers.host = host;
  raw.headers["x-forwarded-proto"] = protocol.slice(0, -1);
  delete raw.headers["x-forwarded-host"];
  delete raw.headers["x-forwarded-for"];
}

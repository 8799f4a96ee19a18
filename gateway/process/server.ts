import fastifyApollo from "@as-integrations/fastify";
import type { ApolloServer } from "@apollo/server";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { GraphQLError } from "graphql";
import { randomId } from "../../foundation/ids.js";
import type { KeySet } from "../../foundation/tokens.js";
import { BureauError, ERRORS, isErrorCode } from "../../schema/errors.js";
import type { FeedIntake } from "../../schema/ports.js";
import { maskedError, safeError } from "../answer/safe-error.js";
import type { RequestContext } from "../apollo.js";
import type { Authenticate } from "../authenticate/index.js";
import type { Standing } from "../authorize/standing.js";
import type { Clock } from "../../foundation/clock.js";
import type { Authenticated } from "../inquiry.js";
import type { Budgets, Quota } from "../receive/budgets.js";
import { clientOf } from "../receive/budgets.js";
import { rateLimited } from "../receive/rate-limit-headers.js";
import { feedRoutes } from "../receive/feed-routes.js";
import type { Receive } from "../receive/index.js";
import type { ReadFacts } from "../http/request-facts.js";
import { limitArrival } from "./arrival.js";
import { toAskedMedia } from "./graphql-media.js";
import { announceQuota } from "./quota-headers.js";
import { refusalHeaders } from "./refusal-headers.js";

const GRAPHQL_BODY_BYTES_MAX = 128 * 1024;
/** A token of 8,192 characters, a proof of possession and a certificate fit. */
const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_MAX = 100;

export interface ServerOptions {
  readonly apollo: ApolloServer<RequestContext>;
  readonly receive: Receive;
  readonly readFacts: ReadFacts;
  readonly authenticate: Authenticate;
  readonly standing: Standing;
  readonly intakes: readonly FeedIntake[];
  readonly budgets: Budgets;
  readonly clock: Clock;
  /** Public keys of consent artefacts. */
  readonly keys: KeySet;
  /** The public key of permits alone: what a distant subgraph trusts. */
  readonly permitKeys: KeySet;
  /** Rejects while a dependency is down. */
  readonly ready: () => Promise<void>;
  readonly onError: (error: unknown, requestId: string) => void;
  readonly requestTimeoutMs: number;
  /** Headers of any request, and the whole of a GraphQL request, arrive within this. */
  readonly arrivalTimeoutMs: number;
  /** Connections beyond are closed at once. */
  readonly connectionsMax: number;
}

/** The HTTP house: GraphQL, feeds, keys and health. It does not listen yet. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: GRAPHQL_BODY_BYTES_MAX,
    genReqId: () => randomId(),
    requestTimeout: 0,
    connectionTimeout: options.requestTimeoutMs,
    keepAliveTimeout: options.requestTimeoutMs,
    http: {
      // A feed may take as long as it keeps its pace.
      requestTimeout: 0,
      headersTimeout: options.arrivalTimeoutMs,
      connectionsCheckingInterval: Math.ceil(options.arrivalTimeoutMs / 5),
      maxHeaderSize: HEADER_BYTES_MAX,
    },
    forceCloseConnections: "idle",
    return503OnClosing: true,
    routerOptions: { maxParamLength: 200 },
  });
  app.server.maxConnections = options.connectionsMax;
  app.server.maxHeadersCount = HEADERS_MAX;
  app.addHook("onSend", async (request, reply) => {
    // What is left of a body that was refused is not waited for.
    if (!request.raw.complete) reply.header("connection", "close");
    reply.header("x-request-id", request.id).header("x-content-type-options", "nosniff");
  });
  app.setErrorHandler((error: FastifyError, request, reply) =>
    sendError(error, { request, reply }, () => options.onError(error, request.id)),
  );
  app.setNotFoundHandler((_request, reply) =>
    sendPlain(reply, 404, { code: "NOT_FOUND", message: ERRORS.NOT_FOUND.message }),
  );
  app.get("/.well-known/jwks.json", async (_request, reply) =>
    reply.header("cache-control", "max-age=300").send(options.keys),
  );
  app.get("/.well-known/permit-jwks.json", async (_request, reply) =>
    reply.header("cache-control", "max-age=300").send(options.permitKeys),
  );
  app.get("/health/live", async () => ({ status: "live" }));
  app.get("/health/ready", async (_request, reply) => {
    try {
      await options.ready();
      return { status: "ready" };
    } catch {
      return reply.code(503).send({ status: "not ready" });
    }
  });
  const { intakes, budgets, clock, standing } = options;
  const authenticate = admission(options);
  await app.register(async (scope) =>
    feedRoutes(scope, { authenticate, standing, intakes, budgets, clock, onQuota: announceQuota }),
  );
  await app.register(async (scope) => graphqlRoute(scope, options));
  return app;
}

/** The second station at this door: facts in, and a fresh nonce out where the client should have one. */
function admission({
  readFacts,
  authenticate,
}: ServerOptions): (request: FastifyRequest, reply: FastifyReply) => Promise<Authenticated> {
  return async (request, reply) => {
    const authenticated = await authenticate(readFacts(request));
    if (authenticated.nextNonce !== undefined) reply.header("dpop-nonce", authenticated.nextNonce);
    return authenticated;
  };
}

async function graphqlRoute(app: FastifyInstance, options: ServerOptions): Promise<void> {
  limitArrival(app, options.arrivalTimeoutMs);
  app.addHook("onRequest", async ({ headers }) => {
    // Nothing is unpacked at this door: an operation is small.
    if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity")
      throw new BureauError("UNSUPPORTED_MEDIA_TYPE", "content-encoding");
  });
  app.addHook("onSend", async (request, reply, payload) => toAskedMedia(request, reply, payload));
  app.addHook("preHandler", async (request, reply) => {
    reply.header("cache-control", "no-store");
    if (request.method !== "POST") {
      reply.header("allow", "POST");
      throw new GraphQLError(ERRORS.OPERATION_NOT_ALLOWED.message, {
        extensions: { code: "OPERATION_NOT_ALLOWED" },
      });
    }
    try {
      options.receive(request.body);
    } catch (refused) {
      await countRefused(options, request, reply);
      throw refused;
    }
  });
  const authenticate = admission(options);
  await app.register(fastifyApollo(options.apollo), {
    path: "/graphql",
    method: ["GET", "POST"],
    context: async (request, reply) => {
      const onQuota = (quota: Quota): void => announceQuota(reply, quota);
      try {
        const authenticated = await authenticate(request, reply);
        await takeRequest(options.budgets, authenticated, onQuota);
        return { authenticated, onQuota };
      } catch (error) {
        options.onError(error, request.id);
        throw challenge(error, request);
      }
    },
  });
}

/** @throws RATE_LIMITED */
async function takeRequest(
  budgets: Budgets,
  { principal }: Authenticated,
  onQuota: (quota: Quota) => void,
): Promise<void> {
  const { isAdmitted, ...quota } = await budgets.takeRequest(clientOf(principal));
  onQuota(quota);
  if (!isAdmitted) throw rateLimited(quota);
}

/** A request that is refused for its form counts like any other, where its sender is known. @throws RATE_LIMITED */
async function countRefused(
  options: ServerOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const authenticated = await admission(options)(request, reply).catch(() => undefined);
  if (authenticated === undefined) return;
  await takeRequest(options.budgets, authenticated, (quota) => announceQuota(reply, quota));
}

/** The status and headers of a refusal at the door, as Apollo wants them told. */
function challenge(error: unknown, request: FastifyRequest): GraphQLError {
  const safe = safeError(error);
  const code = safe.extensions["code"];
  const status = isErrorCode(code) ? ERRORS[code].http : 500;
  const headers = new Map(refusalHeaders(error, request.headers.authorization));
  return new GraphQLError(safe.message, { extensions: { ...safe.extensions, http: { status, headers } } });
}

function sendError(
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
  const waitSeconds = safe.extensions["retryAfterSeconds"] ?? (http === 503 ? 1 : undefined);
  if (typeof waitSeconds === "number") reply.header("retry-after", String(waitSeconds));
  reply.headers(Object.fromEntries(refusalHeaders(error, request.headers.authorization)));
  return sendPlain(reply, http, { ...safe.extensions, message: safe.message });
}

/** GraphQL's shape on every route, so that one client code reads all errors. */
function sendPlain(
  reply: FastifyReply,
  status: number,
  { message, ...extensions }: Record<string, unknown>,
): FastifyReply {
  return reply
    .code(status)
    .header("content-type", "application/json; charset=utf-8")
    .send({ errors: [{ message, extensions }] });
}

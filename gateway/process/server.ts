import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { GraphQLSchema } from "graphql";
import { randomId } from "../../foundation/ids.js";
import type { KeySet } from "../../foundation/tokens.js";
import { ERRORS } from "../../schema/errors.js";
import type { FeedIntake } from "../../schema/ports.js";
import type { createApollo } from "../apollo.js";
import type { Authenticate } from "../authenticate/index.js";
import type { Standing } from "../authorize/standing.js";
import type { Clock } from "../../foundation/clock.js";
import type { Inquire } from "../gateway.js";
import type { ReadFacts } from "../http/request-facts.js";
import type { Budgets } from "../receive/budgets.js";
import { documentsRoute } from "../receive/documents/documents-route.js";
import type { TrustedDocuments } from "../receive/documents/trusted-documents.js";
import { feedRoutes } from "../receive/feed-routes.js";
import type { Receive } from "../receive/index.js";
import { createAdmission } from "./doors/admission.js";
import { generalDoor } from "./doors/general-door.js";
import { guardDoor } from "./doors/graphql-door.js";
import { clientGone } from "./doors/client-gone.js";
import { sendAnswer } from "./doors/send-answer.js";
import { announceQuota } from "./quota-headers.js";
import { sendError, sendPlain } from "./send-error.js";

const GRAPHQL_BODY_BYTES_MAX = 128 * 1024;
/** A token of 8,192 characters, a proof of possession and a certificate fit. */
const HEADER_BYTES_MAX = 16 * 1024;
const HEADERS_MAX = 100;

export interface ServerOptions {
  readonly apollo: ReturnType<typeof createApollo>;
  readonly inquireOf: (schema: GraphQLSchema) => Inquire;
  readonly receive: Receive;
  readonly documents: TrustedDocuments;
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

/** The HTTP house: two doors for GraphQL, feeds, keys and health. It does not listen yet. */
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
  publicRoutes(app, options);
  const { intakes, budgets, clock, standing } = options;
  const admission = createAdmission(options);
  const doors = { ...options, admission };
  await app.register(async (scope) =>
    feedRoutes(scope, {
      authenticate: admission.identify,
      standing,
      intakes,
      budgets,
      clock,
      onQuota: announceQuota,
    }),
  );
  await app.register(async (scope) => generalDoor(scope, doors));
  await app.register(async (scope) =>
    documentsRoute(scope, {
      entryOf: guardDoor(scope, { ...doors, takesText: false }),
      admit: admission.admit,
      inquireOf: options.inquireOf,
      onQuota: announceQuota,
      signalOf: clientGone,
      send: sendAnswer,
    }),
  );
  return app;
}

/** What is told to whoever asks: keys, and whether the house is up. */
function publicRoutes(app: FastifyInstance, { keys, permitKeys, ready }: ServerOptions): void {
  app.get("/.well-known/jwks.json", async (_request, reply) =>
    reply.header("cache-control", "max-age=300").send(keys),
  );
  app.get("/.well-known/permit-jwks.json", async (_request, reply) =>
    reply.header("cache-control", "max-age=300").send(permitKeys),
  );
  app.get("/health/live", async () => ({ status: "live" }));
  app.get("/health/ready", async (_request, reply) => {
    try {
      await ready();
      return { status: "ready" };
    } catch {
      return reply.code(503).send({ status: "not ready" });
    }
  });
}

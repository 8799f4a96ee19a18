import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../../foundation/clock.js";
import type { Principal } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import { type FeedKind, isFeedKind } from "../../schema/feeds/kinds.js";
import { FEED_SCHEMAS } from "../../schema/feeds/schemas.js";
import type { BatchReport, FeedIntake } from "../../schema/ports.js";
import type { Authenticated } from "../inquiry.js";
import type { Budgets, Quota } from "./budgets.js";
import { FEED_BODY_LIMITS, feedBody, type FeedBodyLimits } from "./feed-body.js";
import { rateLimited } from "./rate-limit-headers.js";

/** The second station, as this door needs it. */
type Authenticate = (request: FastifyRequest, reply: FastifyReply) => Promise<Authenticated>;

/** The third station, as this door needs it: resolves to a second look, for just before something leaves. */
interface Standing {
  require(principal: Principal): Promise<() => Promise<void>>;
}

interface FeedRoutesOptions {
  readonly authenticate: Authenticate;
  readonly standing: Standing;
  readonly intakes: readonly FeedIntake[];
  readonly budgets: Budgets;
  readonly clock: Clock;
  /** Says on the reply how the platform's budget stands. */
  readonly onQuota: (reply: FastifyReply, quota: Quota) => void;
  readonly feedBodyLimits?: FeedBodyLimits;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

/**
 * The platforms' door: plain HTTP, streamed. Who writes is the token's platform and nothing in the body.
 * `POST /feeds/{kind}`, `GET /feeds/{kind}/batches/{key}`, `GET /feeds/{kind}/schema`.
 */
export async function feedRoutes(app: FastifyInstance, options: FeedRoutesOptions): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  const intakeOf = (kind: FeedKind): FeedIntake => {
    const intake = options.intakes.find((candidate) => candidate.kinds.includes(kind));
    if (intake === undefined) throw new BureauError("FEED_KIND_UNKNOWN");
    return intake;
  };

  app.get("/feeds/:kind/schema", async (request, reply) => {
    return reply.type("application/schema+json").send(FEED_SCHEMAS[kindOf(request)]);
  });

  app.get("/feeds/:kind/batches/:key", async (request, reply): Promise<BatchReport> => {
    const kind = kindOf(request);
    const { principal, lookAgain } = await authorizePlatform(options, request, reply);
    const { key } = request.params as { key: string };
    const report = await intakeOf(kind).report(principal.id, kind, key);
    await lookAgain();
    if (report === undefined) throw new BureauError("NOT_FOUND");
    return report;
  });

  app.post("/feeds/:kind", async (request, reply: FastifyReply): Promise<BatchReport> => {
    const kind = kindOf(request);
    const { principal } = await authorizePlatform(options, request, reply);
    const idempotencyKey = request.headers["idempotency-key"];
    if (typeof idempotencyKey !== "string" || !IDEMPOTENCY_KEY.test(idempotencyKey)) {
      throw refuse("the Idempotency-Key header must hold 1 to 128 visible ASCII characters");
    }
    const body = feedBody(request.raw, options.clock, options.feedBodyLimits ?? FEED_BODY_LIMITS);
    const report = await intakeOf(kind).publish({ platform: principal.id, kind, idempotencyKey, body });
    reply.header("cache-control", "no-store");
    return report;
  });
}

function kindOf(request: FastifyRequest): FeedKind {
  const { kind } = request.params as { kind: string };
  if (!isFeedKind(kind)) throw new BureauError("FEED_KIND_UNKNOWN");
  return kind;
}

/** @throws UNAUTHENTICATED and the like, FORBIDDEN, INSUFFICIENT_SCOPE, RATE_LIMITED */
async function authorizePlatform(
  options: FeedRoutesOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<{ readonly principal: Principal; readonly lookAgain: () => Promise<void> }> {
  const { principal } = await options.authenticate(request, reply);
  if (principal.party !== "platform") throw new BureauError("FORBIDDEN", "only platforms publish feeds");
  if (!principal.scopes.has("feeds:write")) {
    throw new BureauError("INSUFFICIENT_SCOPE", "feeds:write", { facts: { scope: "feeds:write" } });
  }
  const { isAdmitted, ...quota } = await options.budgets.takeFeedRequest(principal.id);
  options.onQuota(reply, quota);
  if (!isAdmitted) throw rateLimited(quota);
  return { principal, lookAgain: await options.standing.require(principal) };
}

function refuse(problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { problem } });
}

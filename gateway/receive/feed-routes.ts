import { createGunzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Principal } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import { type FeedKind, isFeedKind } from "../../schema/feeds/kinds.js";
import { FEED_SCHEMAS } from "../../schema/feeds/schemas.js";
import type { BatchReport, FeedIntake } from "../../schema/ports.js";
import type { Authenticated } from "../inquiry.js";

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
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;
const CONTENT_TYPES = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl"]);

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
    const body = decodedBody(request);
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

async function authorizePlatform(
  { authenticate, standing }: FeedRoutesOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<{ readonly principal: Principal; readonly lookAgain: () => Promise<void> }> {
  const { principal } = await authenticate(request, reply);
  if (principal.party !== "platform") throw new BureauError("FORBIDDEN", "only platforms publish feeds");
  if (!principal.scopes.has("feeds:write")) {
    throw new BureauError("INSUFFICIENT_SCOPE", "feeds:write", { facts: { scope: "feeds:write" } });
  }
  return { principal, lookAgain: await standing.require(principal) };
}

function decodedBody(request: FastifyRequest): AsyncIterable<Uint8Array> {
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type === undefined || !CONTENT_TYPES.has(type))
    throw unsupported("Content-Type must be application/x-ndjson");
  const encoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity") return request.raw;
  if (encoding !== "gzip") throw unsupported("Content-Encoding must be gzip or identity");
  return gunzip(request.raw);
}

async function* gunzip(source: NodeJS.ReadableStream): AsyncIterable<Uint8Array> {
  const decoder = createGunzip();
  source.on("error", (error: Error) => decoder.destroy(error));
  source.on("aborted", () => decoder.destroy(new Error("the client went away")));
  try {
    yield* source.pipe(decoder);
  } catch (error) {
    throw new BureauError("FEED_ENCODING_INVALID", "gzip", { cause: error });
  } finally {
    decoder.destroy();
  }
}

function refuse(problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { problem } });
}

function unsupported(problem: string): BureauError {
  return new BureauError("UNSUPPORTED_MEDIA_TYPE", problem, { facts: { problem } });
}

import type { BackchannelAuthenticationRequest, Client, KoaContextWithOIDC } from "oidc-provider";
import type { Postgres } from "../../foundation/postgres.js";
import type { ConsentDesk, DeskRequest } from "../../schema/ports.js";
import { parseUscc } from "../../schema/uscc.js";
import { inProtocol } from "../protocol/oauth-errors.js";
import { errors } from "../provider.js";
import { type ModelPayload, type ModelStore, query, storedId } from "../store/model-store.js";
import { askedConsentOf, type GrantParts, makeConsentGrant } from "./bank-consent.js";

/** How a bank without a browser may ask (CIBA, poll mode). */
export interface BackchannelTimes {
  /** Least time between two polls; a bank that is quicker is told so, and has to wait longer. */
  readonly intervalSeconds: number;
  readonly lifetimeSeconds: number;
  readonly lifetimeSecondsMax: number;
}

export interface BackchannelParts {
  readonly postgres: Postgres;
  readonly store: ModelStore;
  readonly desk: ConsentDesk;
  readonly resource: string;
  readonly times: BackchannelTimes;
  readonly grants: () => GrantParts;
}

/** The road of a bank that asks without a browser. */
export interface Backchannel {
  /** The pseudo-account of a merchant that somebody asks for, whether or not anyone of that name has an account here. */
  accountOf(loginHint: string): string;
  /** Asks the merchant, once the protocol accepted the request. @throws OIDCProviderError */
  start(ctx: KoaContextWithOIDC, request: BackchannelAuthenticationRequest, client: Client): Promise<void>;
  /** The request as it stands now, by what the merchant has answered since. @throws OIDCProviderError `slow_down` */
  poll(id: string, payload: ModelPayload): Promise<ModelPayload>;
  /** The messages that banks show to merchants beside their requests, by request. */
  messages(requestIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

interface BackchannelRow {
  readonly client_id: string;
  readonly merchant_id: string;
  readonly request_id: string;
  readonly too_soon: boolean;
}

const TABLE = `"authorization".backchannel`;
const MODEL = "BackchannelAuthenticationRequest";
const ACCOUNT = /^merchant:(.+)$/;
const INTERVAL_STEP_SECONDS = 5;
const INTERVAL_SECONDS_MAX = 60;

/** The merchant of a pseudo-account, or `undefined` for an account of a person. */
export function merchantOfPseudoAccount(accountId: string): string | undefined {
  return ACCOUNT.exec(accountId)?.[1];
}

/** Builds the road over the schema `authorization` and the room that owns consents. */
export function createBackchannel(parts: BackchannelParts): Backchannel {
  return {
    accountOf: (loginHint) => {
      const merchant = parseUscc(loginHint);
      if (merchant === undefined)
        throw new errors.UnknownUserId("login_hint must be the merchant's unified social credit code");
      return `merchant:${merchant}`;
    },
    start: async (ctx, request, client) => {
      try {
        await inProtocol(() => start(ctx, { request, client }, parts));
      } catch (error) {
        // Nobody was asked: what the protocol kept leads nowhere.
        await request.destroy();
        throw error;
      }
    },
    poll: (id, payload) => inProtocol(() => poll(id, payload, parts)),
    messages: async (requestIds) => {
      const rows = await query<{ request_id: string; binding_message: string }>(
        parts.postgres,
        `select request_id, binding_message from ${TABLE} where request_id = any($1) and binding_message is not null`,
        [requestIds],
      );
      return new Map(rows.map((row) => [row.request_id, row.binding_message]));
    },
  };
}

async function start(
  ctx: KoaContextWithOIDC,
  { request, client }: { readonly request: BackchannelAuthenticationRequest; readonly client: Client },
  { postgres, desk, times }: BackchannelParts,
): Promise<void> {
  const params = ctx.oidc.params ?? {};
  const asked = askedConsentOf(client, params);
  if (merchantOfPseudoAccount(request.accountId ?? "") !== asked.merchant)
    throw new errors.InvalidAuthorizationDetails("login_hint and merchants must name the same merchant");
  const { requestId } = await desk.request(asked);
  const message = params["binding_message"];
  await query(
    postgres,
    `insert into ${TABLE} (id, client_id, merchant_id, request_id, binding_message, interval_seconds, expires_at)
      values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second')`,
    [
      storedId(MODEL, request.jti),
      client.clientId,
      asked.merchant,
      requestId,
      typeof message === "string" ? message : null,
      times.intervalSeconds,
      request.expiration,
    ],
  );
  (ctx.body as Record<string, unknown>)["interval"] = times.intervalSeconds;
}

async function poll(id: string, payload: ModelPayload, parts: BackchannelParts): Promise<ModelPayload> {
  // Only the client that asked can come back with it, so a second time is a retry and no theft: the grant lives on.
  if (payload["consumed"] !== undefined) throw new errors.InvalidGrant({ detail: "auth_req_id was used" });
  const { now } = parts.grants();
  const secondsLeft = Number(payload["exp"]) - Math.floor(now().getTime() / 1_000);
  if (payload["grantId"] !== undefined || payload["error"] !== undefined || secondsLeft <= 0) return payload;
  const row = await stampPoll(id, parts);
  if (row === undefined) return payload;
  if (row.too_soon) throw new errors.SlowDown();
  const outcome = await outcomeOf(payload, await parts.desk.read(row.merchant_id, row.request_id), parts);
  if (outcome === undefined) return payload;
  const decided = { ...payload, ...outcome };
  await parts.store.put(MODEL, id, { payload: decided, lifetimeSeconds: secondsLeft });
  return decided;
}

const LAPSED = {
  error: "expired_token",
  errorDescription: "the request has lapsed, or the consent has ended",
};

/** What the merchant's answer makes of the bank's request; `undefined` while there is none. */
async function outcomeOf(
  payload: ModelPayload,
  request: DeskRequest | undefined,
  parts: BackchannelParts,
): Promise<ModelPayload | undefined> {
  if (request === undefined) return LAPSED;
  switch (request.state) {
    case "PENDING":
    case "AWAITING_SIGNATORIES":
      return undefined;
    case "GRANTED":
      return collect(payload, request, parts);
    case "DENIED":
      return { error: "access_denied", errorDescription: "the merchant denied the request" };
    case "ENDED":
      return LAPSED;
    default:
      return request.state satisfies never;
  }
}

/** Notes the poll and says whether it came too soon; the interval grows with each one that did (CIBA section 11). */
async function stampPoll(
  id: string,
  { postgres, times }: BackchannelParts,
): Promise<BackchannelRow | undefined> {
  const text = `update ${TABLE} as b set polled_at = now(),
      interval_seconds = case when old.too_soon then least(b.interval_seconds + $2, $3) else b.interval_seconds end
    from (select id, coalesce(polled_at > now() - interval_seconds * interval '1 second', false) as too_soon
      from ${TABLE} where id = $1 for update) old
    where b.id = old.id returning b.client_id, b.merchant_id, b.request_id, old.too_soon`;
  const step = Math.min(INTERVAL_STEP_SECONDS, times.intervalSeconds);
  const [row] = await query<BackchannelRow>(postgres, text, [
    storedId(MODEL, id),
    step,
    INTERVAL_SECONDS_MAX,
  ]);
  return row;
}

async function collect(
  payload: ModelPayload,
  request: DeskRequest,
  { grants, resource }: BackchannelParts,
): Promise<ModelPayload> {
  const grant = await makeConsentGrant(
    request,
    {
      clientId: String(payload["clientId"]),
      accountId: String(payload["accountId"]),
      scopes: String(payload["scope"] ?? "").split(" "),
      resource,
    },
    grants(),
  );
  return { grantId: grant.jti, rar: grant.rar };
}

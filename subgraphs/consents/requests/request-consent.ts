import { uuidv7 } from "../../../foundation/ids.js";
import { BureauError } from "../../../schema/errors.js";
import type { Purpose } from "../../../schema/purposes.js";
import { articleOf, type RuleId } from "../../../schema/rulebook.js";
import { agreeTerms, type OutOfRange } from "../agree-terms.js";
import { lockBank, lockPair } from "../consent-store.js";
import type { ConsentRoom } from "../grant-consent.js";
import { transact, type Transaction } from "../transaction.js";
import { canonical } from "./narrow-request.js";
import {
  type ConsentRequest,
  insertRequest,
  pendingRequests,
  recentRequests,
  type RequestedTerms,
  requestStateOf,
} from "./request-store.js";

const DAY_MS = 86_400_000;

/** What a bank asks for. */
export interface AskedConsent {
  readonly merchant: string;
  readonly bank: string;
  readonly purpose: Purpose;
  readonly terms: RequestedTerms;
  readonly outOfRange: OutOfRange;
}

/**
 * A bank asks a merchant for consent. Nothing is said of whether the merchant is known. The same request again gives
 * the pending one.
 * @throws PURPOSE_CEILING_EXCEEDED, BAD_USER_INPUT
 * @throws CONFLICT while another request for the purpose is pending
 * @throws RATE_LIMITED within 30 days of a denial (网络数据安全管理条例 article 22, item 5), and while three requests of
 * the bank to the merchant are pending
 */
export async function requestConsent(room: ConsentRoom, asked: AskedConsent): Promise<ConsentRequest> {
  const { merchant, bank, purpose } = asked;
  return transact(room.store, async (trx) => {
    await lockBank(trx, merchant, bank);
    await lockPair(trx, merchant, asked);
    const now = await trx.now();
    const { newest, deniedAt } = await recentRequests(trx, asked);
    requireCooledDown(room, merchant, { deniedAt, now });
    if (newest !== undefined && requestStateOf(newest, now) === "PENDING") {
      // Cut as of the instant of the first request, so that a retry is cut to the very same end.
      const again = agree(room, asked, newest.createdAt).terms;
      if (sameTerms(newest.terms, again)) return newest;
      throw new BureauError("CONFLICT", "a request is pending", {
        facts: { requestId: newest.requestId, state: "PENDING", problem: "another request is pending" },
      });
    }
    const { terms, cuts } = agree(room, asked, now);
    await requireFewPending(room, trx, asked, now);
    const lapsesMs = Math.min(
      now.getTime() + room.rulebook.request.pendingDays * DAY_MS,
      Date.parse(terms.expiresAt),
    );
    const request: ConsentRequest = {
      requestId: uuidv7(now.getTime()),
      merchant,
      bank,
      purpose,
      terms,
      cuts,
      createdAt: now,
      lapsesAt: new Date(lapsesMs),
      decision: undefined,
      now,
    };
    await insertRequest(trx, request);
    return request;
  });
}

/** The terms as if the merchant approved at this instant: it cannot approve a wider window than that. */
function agree(
  { rulebook }: ConsentRoom,
  asked: AskedConsent,
  at: Date,
): { readonly terms: RequestedTerms; readonly cuts: ConsentRequest["cuts"] } {
  const terms = { ...asked.terms, startsAt: at.toISOString() };
  const { terms: agreed, cuts } = agreeTerms(rulebook, { ...asked, terms });
  const { startsAt: _startsAt, ...requested } = agreed;
  return { terms: requested, cuts };
}

async function requireFewPending(
  room: ConsentRoom,
  trx: Transaction,
  asked: AskedConsent,
  now: Date,
): Promise<void> {
  const pending = await pendingRequests(trx, asked, now);
  if (pending.length < room.rulebook.request.pendingMax) return;
  // The one that lapses first makes room, if the merchant answers none before.
  const lapsesMs = Math.min(...pending.map(({ lapsesAt }) => lapsesAt.getTime()));
  throw tooOften(room, {
    merchant: asked.merchant,
    rule: "request.pending",
    retryAt: new Date(lapsesMs),
    now,
  });
}

function requireCooledDown(
  room: ConsentRoom,
  merchant: string,
  { deniedAt, now }: { readonly deniedAt: Date | undefined; readonly now: Date },
): void {
  if (deniedAt === undefined) return;
  const retryAt = new Date(deniedAt.getTime() + room.rulebook.request.cooldownDays * DAY_MS);
  if (now.getTime() < retryAt.getTime())
    throw tooOften(room, { merchant, rule: "request.cooldown", retryAt, now });
}

function tooOften(
  { rulebook }: ConsentRoom,
  why: { readonly merchant: string; readonly rule: RuleId; readonly retryAt: Date; readonly now: Date },
): BureauError {
  const { merchant, rule, retryAt, now } = why;
  return new BureauError("RATE_LIMITED", rule, {
    facts: {
      rule,
      article: articleOf(rulebook, rule, merchant),
      fix: rulebook.rules[rule].fix,
      retryAt: retryAt.toISOString(),
      retryAfterSeconds: Math.ceil((retryAt.getTime() - now.getTime()) / 1000),
    },
  });
}

/** True when a bank asks for the same again. */
export function sameTerms(a: RequestedTerms, b: RequestedTerms): boolean {
  const textOf = (terms: RequestedTerms): string =>
    JSON.stringify(canonical({ ...terms, expiresAt: Date.parse(terms.expiresAt) }));
  return textOf(a) === textOf(b);
}

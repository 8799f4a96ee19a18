import { uuidv7 } from "../../foundation/ids.js";
import type { Category } from "../../schema/categories.js";
import { BureauError } from "../../schema/errors.js";
import type { FrequencyPeriod, Purpose } from "../../schema/purposes.js";
import { articleOf, usesAtMost } from "../../schema/rulebook.js";
import { isUuid } from "../host/paging.js";
import { lockPair, type StoredConsent } from "./consent-store.js";
import { type ConsentRoom, requireWithinCeiling, writeGrant } from "./grant-consent.js";
import {
  type ConsentRequest,
  insertDecision,
  insertRequest,
  lockRequest,
  recentRequests,
  type RequestedTerms,
  requestStateOf,
} from "./request-store.js";
import { transact, type Transaction } from "./transaction.js";

const DAY_MS = 86_400_000;

/** What a merchant changes in a request when it approves; absent leaves it as asked. */
export interface Narrowing {
  readonly categories?: readonly Category[] | undefined;
  readonly lookbackMonths?: number | undefined;
  readonly expiresAt?: string | undefined;
  readonly frequency?: { readonly count: number; readonly period: FrequencyPeriod } | undefined;
}

/**
 * A bank asks a merchant for consent. Nothing is said of whether the merchant is known. The same request again gives
 * the pending one.
 * @throws PURPOSE_CEILING_EXCEEDED, BAD_USER_INPUT
 * @throws CONFLICT while another request for the purpose is pending
 * @throws RATE_LIMITED within 30 days of a denial (网络数据安全管理条例 article 22, item 5)
 */
export async function requestConsent(
  room: ConsentRoom,
  asked: {
    readonly merchant: string;
    readonly bank: string;
    readonly purpose: Purpose;
    readonly terms: RequestedTerms;
  },
): Promise<ConsentRequest> {
  const { merchant, bank, purpose } = asked;
  const terms = { ...asked.terms, categories: [...new Set(asked.terms.categories)] };
  return transact(room.store, async (trx) => {
    await lockPair(trx, merchant, asked);
    const now = await trx.now();
    const { newest, deniedAt } = await recentRequests(trx, asked);
    requireCooledDown(room, merchant, { deniedAt, now });
    if (newest !== undefined && requestStateOf(newest, now) === "PENDING") {
      if (sameTerms(newest.terms, terms)) return newest;
      throw new BureauError("CONFLICT", "a request is pending", {
        facts: { requestId: newest.requestId, state: "PENDING" },
      });
    }
    requireWithinCeiling(room.rulebook, {
      merchant,
      purpose,
      terms: { ...terms, startsAt: now.toISOString() },
    });
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
      createdAt: now,
      lapsesAt: new Date(lapsesMs),
      decision: undefined,
      now,
    };
    await insertRequest(trx, request);
    return request;
  });
}

/**
 * The merchant approves a pending request as it is or narrower; the consent starts at once.
 * @throws NOT_FOUND, CONFLICT, BAD_USER_INPUT when anything is wider than asked
 */
export async function approveRequest(
  room: ConsentRoom,
  merchant: string,
  { requestId, narrowing }: { readonly requestId: string; readonly narrowing: Narrowing },
): Promise<StoredConsent> {
  return transact(room.store, async (trx) => {
    const request = await pendingRequest(trx, merchant, requestId);
    const terms = narrow(request.terms, narrowing);
    const stored = await writeGrant(room, trx, {
      merchant,
      bank: request.bank,
      purpose: request.purpose,
      terms,
    });
    const { consentId } = stored.consent.terms;
    await insertDecision(trx, request, { kind: "APPROVED", at: stored.createdAt, consentId });
    return stored;
  });
}

/** The merchant denies a pending request; a retry gives the same answer. @throws NOT_FOUND, CONFLICT */
export async function denyRequest(
  room: ConsentRoom,
  merchant: string,
  requestId: string,
): Promise<ConsentRequest> {
  return transact(room.store, async (trx) => {
    const request = await ownRequest(trx, merchant, requestId);
    if (request.decision?.kind === "DENIED") return request;
    requirePending(request);
    const decision = { kind: "DENIED" as const, at: request.now, consentId: null };
    await insertDecision(trx, request, decision);
    return { ...request, decision };
  });
}

/** What was asked, with what the merchant took away. @throws BAD_USER_INPUT when anything is wider than asked */
function narrow(
  asked: RequestedTerms,
  { categories, lookbackMonths, expiresAt, frequency }: Narrowing,
): RequestedTerms {
  const added = categories?.find((category) => !asked.categories.includes(category));
  if (added !== undefined) throw refuse("categories", `${added} was not asked for`);
  if (categories?.length === 0)
    throw refuse("categories", "at least one category must stay; deny the request instead");
  if (lookbackMonths !== undefined && !(lookbackMonths >= 1 && lookbackMonths <= asked.lookbackMonths)) {
    throw refuse("lookbackMonths", `lookbackMonths must be 1 to ${asked.lookbackMonths}, as asked`);
  }
  if (expiresAt !== undefined && !(Date.parse(expiresAt) <= Date.parse(asked.expiresAt))) {
    throw refuse("expiresAt", `expiresAt must not be after ${asked.expiresAt}, as asked`);
  }
  const { count, period } = asked.frequency;
  if (frequency !== undefined && !(frequency.count >= 1 && usesAtMost(frequency, period) <= count)) {
    throw refuse("frequency", `frequency must allow 1 to ${count} inquiries a ${period}, as asked`);
  }
  return {
    categories: categories ?? asked.categories,
    lookbackMonths: lookbackMonths ?? asked.lookbackMonths,
    expiresAt: expiresAt ?? asked.expiresAt,
    frequency: frequency ?? asked.frequency,
  };
}

async function ownRequest(trx: Transaction, merchant: string, requestId: string): Promise<ConsentRequest> {
  const request = isUuid(requestId) ? await lockRequest(trx, merchant, requestId) : undefined;
  if (request === undefined) throw new BureauError("NOT_FOUND");
  return request;
}

async function pendingRequest(
  trx: Transaction,
  merchant: string,
  requestId: string,
): Promise<ConsentRequest> {
  const request = await ownRequest(trx, merchant, requestId);
  requirePending(request);
  return request;
}

function requirePending(request: ConsentRequest): void {
  const state = requestStateOf(request, request.now);
  if (state !== "PENDING") throw new BureauError("CONFLICT", `the request is ${state}`, { facts: { state } });
}

function requireCooledDown(
  { rulebook }: ConsentRoom,
  merchant: string,
  { deniedAt, now }: { readonly deniedAt: Date | undefined; readonly now: Date },
): void {
  if (deniedAt === undefined) return;
  const until = new Date(deniedAt.getTime() + rulebook.request.cooldownDays * DAY_MS);
  if (now.getTime() >= until.getTime()) return;
  throw new BureauError("RATE_LIMITED", "denied lately", {
    facts: {
      rule: "request.cooldown",
      article: articleOf(rulebook, "request.cooldown", merchant),
      fix: rulebook.rules["request.cooldown"].fix,
      retryAt: until.toISOString(),
    },
  });
}

/** True when a bank asks for the same again. */
export function sameTerms(a: RequestedTerms, b: RequestedTerms): boolean {
  return (
    a.lookbackMonths === b.lookbackMonths &&
    Date.parse(a.expiresAt) === Date.parse(b.expiresAt) &&
    a.frequency.count === b.frequency.count &&
    a.frequency.period === b.frequency.period &&
    a.categories.toSorted().join() === b.categories.toSorted().join()
  );
}

function refuse(argument: string, problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { argument, problem } });
}

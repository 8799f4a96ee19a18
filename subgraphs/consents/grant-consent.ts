import { createHash } from "node:crypto";
import { uuidv7 } from "../../foundation/ids.js";
import { stateOf } from "../../schema/consent.js";
import { type AgreedTerms, withinCeiling } from "../../schema/consent/ceiling.js";
import type { ConsentTerms } from "../../schema/consent-terms.js";
import { BureauError } from "../../schema/errors.js";
import type { Purpose } from "../../schema/purposes.js";
import { articleOf, type Rulebook } from "../../schema/rulebook.js";
import {
  appendEvent,
  findConsent,
  insertConsent,
  lockConsent,
  lockPair,
  openConsents,
  type StoredConsent,
} from "./consent-store.js";
import type { ConsentStore, Transaction } from "./transaction.js";

/** Signs an artefact as a compact JWS with the bureau's key. */
export type SignArtefact = (payload: Readonly<Record<string, unknown>>) => Promise<string>;

/** What every verb of this room needs. */
export interface ConsentRoom {
  readonly store: ConsentStore;
  readonly rulebook: Rulebook;
  readonly signArtefact: SignArtefact;
}

/** What a merchant grants; it starts at once where `startsAt` is absent. */
export interface Grant {
  readonly merchant: string;
  readonly bank: string;
  readonly purpose: Purpose;
  readonly terms: Omit<AgreedTerms, "startsAt"> & { readonly startsAt?: string | undefined };
}

const BANK = /^[\x21-\x7e]{1,128}$/;

/**
 * Writes a new consent inside the caller's transaction. A consent for the same bank and purpose that is still alive
 * ends in the same instant: the new one is its next version and names it.
 * @throws BAD_USER_INPUT, PURPOSE_CEILING_EXCEEDED
 */
export async function writeGrant(room: ConsentRoom, trx: Transaction, grant: Grant): Promise<StoredConsent> {
  const { merchant, bank, purpose } = grant;
  if (!BANK.test(bank)) throw refuse("bank", "bank must be 1 to 128 visible ASCII characters");
  await lockPair(trx, merchant, grant);
  const open = await openConsents(trx, merchant, grant);
  // In one order everywhere, so that transactions cannot wait for each other in a ring.
  for (const consentId of open.toSorted()) await lockConsent(trx, merchant, consentId);
  const at = await trx.now();
  const terms = agree(room.rulebook, grant, at);
  const replaced = await supersede(room, trx, { merchant, open, at });
  const { loan, ...agreed } = terms;
  const monitoring = room.rulebook.ceilings.POST_LOAN_MONITORING.text;
  const complete: ConsentTerms = {
    consentId: uuidv7(at.getTime()),
    version: (replaced?.version ?? 0) + 1,
    ...(replaced === undefined ? {} : { supersedes: replaced.consentId }),
    merchant,
    bank,
    purpose,
    purposeText: room.rulebook.ceilings[purpose].text,
    ...agreed,
    ...(loan === undefined ? {} : { loan: { purposeText: monitoring, ...loan } }),
    rulebook: room.rulebook.version,
    notice: noticeOf(room.rulebook),
  };
  const artefact = await room.signArtefact({ ...complete });
  await insertConsent(trx, complete, { artefact, at });
  await appendEvent(trx, complete, { kind: "GRANTED", at, actor: merchant });
  return {
    consent: { terms: complete, events: [{ kind: "GRANTED", at }], used: 0 },
    artefact,
    createdAt: at,
    now: at,
  };
}

/** @throws PURPOSE_CEILING_EXCEEDED, BAD_USER_INPUT for the first problem; all of them are in the facts */
export function requireWithinCeiling(
  rulebook: Rulebook,
  {
    merchant,
    purpose,
    terms,
  }: { readonly merchant: string; readonly purpose: Purpose; readonly terms: AgreedTerms },
): void {
  const problems = withinCeiling(purpose, terms, rulebook);
  const first = problems[0];
  if (first === undefined) return;
  throw new BureauError(first.code, first.problem, {
    facts: {
      argument: first.field,
      problem: first.problem,
      rule: first.rule,
      article: articleOf(rulebook, first.rule, merchant),
      fix: rulebook.rules[first.rule].fix,
      problems: problems.map(({ field, rule, problem }) => ({ field, rule, problem })),
    },
  });
}

function agree(rulebook: Rulebook, { merchant, purpose, terms }: Grant, at: Date): AgreedTerms {
  const startsAt = terms.startsAt ?? at.toISOString();
  if (Date.parse(startsAt) < at.getTime()) throw refuse("startsAt", "startsAt lies in the past");
  if (!(Date.parse(terms.expiresAt) > at.getTime())) throw refuse("expiresAt", "expiresAt lies in the past");
  const agreed = { ...terms, categories: [...new Set(terms.categories)], startsAt };
  requireWithinCeiling(rulebook, { merchant, purpose, terms: agreed });
  return agreed;
}

/** Ends what is still alive; resolves to the terms of the newest that was. */
async function supersede(
  { store }: ConsentRoom,
  trx: Transaction,
  { merchant, open, at }: { readonly merchant: string; readonly open: readonly string[]; readonly at: Date },
): Promise<ConsentTerms | undefined> {
  let newest: ConsentTerms | undefined;
  for (const consentId of open) {
    const found = await findConsent(trx, consentId, { owner: { merchant }, setNow: store.now?.() });
    if (found === undefined || stateOf(found.consent, at) === "EXPIRED") continue;
    await appendEvent(trx, found.consent.terms, { kind: "SUPERSEDED", at, actor: merchant });
    newest ??= found.consent.terms;
  }
  return newest;
}

function noticeOf({ notice }: Rulebook): ConsentTerms["notice"] {
  const sha256 = createHash("sha256").update(notice.text, "utf8").digest("hex");
  return { version: notice.version, language: notice.language, sha256 };
}

function refuse(argument: string, problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { argument, problem } });
}

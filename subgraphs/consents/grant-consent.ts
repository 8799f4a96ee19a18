import { createHash } from "node:crypto";
import { uuidv7 } from "../../foundation/ids.js";
import { stateOf, termsInForce } from "../../schema/consent.js";
import type { AgreedTerms } from "../../schema/consent/ceiling.js";
import { isSigned } from "../../schema/consent/state.js";
import type { ConsentTerms } from "../../schema/consent-terms.js";
import { BureauError } from "../../schema/errors.js";
import type { Purpose } from "../../schema/purposes.js";
import type { Rulebook } from "../../schema/rulebook.js";
import { agreeTerms, type OutOfRange, refuseArgument } from "./agree-terms.js";
import {
  appendEvent,
  findConsent,
  insertConsent,
  lockConsent,
  lockPair,
  openConsents,
  type StoredConsent,
} from "./consent-store.js";
import { type RegisteredSigner, requireSignatory, type Signer } from "./signatories/require-signatory.js";
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
export interface Grant extends Signer {
  readonly bank: string;
  readonly purpose: Purpose;
  readonly terms: Omit<AgreedTerms, "startsAt"> & { readonly startsAt?: string | undefined };
  readonly outOfRange: OutOfRange;
}

const BANK = /^[\x21-\x7e]{1,128}$/;

/**
 * Writes a new consent inside the caller's transaction, signed by whoever grants it. It lives as soon as enough of the
 * registered signatories have signed; in that instant whatever lives for the same bank and purpose ends, and the new
 * one is its next version and names it. Proposals that still wait for signatures end at once: one waits at a time.
 * @throws BAD_USER_INPUT, PURPOSE_CEILING_EXCEEDED, SIGNATORY_NOT_REGISTERED
 */
export async function writeGrant(room: ConsentRoom, trx: Transaction, grant: Grant): Promise<StoredConsent> {
  const { merchant, bank, purpose, signatory } = grant;
  if (!BANK.test(bank)) throw refuseArgument("bank", "bank must be 1 to 128 visible ASCII characters");
  const signer = await requireSignatory(trx, room.rulebook, grant);
  const open = await lockOpen(trx, grant);
  const at = await trx.now();
  const { terms: agreed, cuts } = agree(room.rulebook, grant, at);
  const alive = await aliveAt(room, trx, { grant, open, at });
  const replaced = alive.find(({ isLive }) => isLive) ?? alive[0];
  const complete = complement(room.rulebook, {
    consentId: uuidv7(at.getTime()),
    version: 1 + Math.max(0, ...alive.map(({ terms }) => terms.version)),
    ...(replaced === undefined ? {} : { supersedes: replaced.terms.consentId }),
    merchant,
    bank,
    purpose,
    agreed,
    signer,
  });
  const artefact = await room.signArtefact({ ...complete });
  await insertConsent(trx, complete, { artefact, cuts, at });
  await appendEvent(trx, complete, { kind: "GRANTED", at, actor: merchant, signatory });
  if (signer !== undefined)
    await appendEvent(trx, complete, { kind: "SIGNED", at, actor: merchant, signatory: signer.signatory });
  const stored = await reread(room, trx, complete);
  const isLive = isSigned(complete, stored.consent.events);
  await supersede(trx, { ended: alive.filter((one) => isLive || !one.isLive), by: grant, at });
  return stored;
}

/**
 * Adds a signature to a consent that waits for it, inside the caller's transaction; the last one that is needed ends
 * what the consent replaces. A retry changes nothing.
 * @throws NOT_FOUND, SIGNATORY_NOT_REGISTERED, CONFLICT once it has ended
 */
export async function signConsent(
  room: ConsentRoom,
  trx: Transaction,
  { consentId, ...signer }: Signer & { readonly consentId: string },
): Promise<StoredConsent> {
  const acting = await requireSignatory(trx, room.rulebook, signer);
  const found = await findConsent(trx, consentId, { owner: signer, setNow: room.store.now?.() });
  if (found === undefined) throw new BureauError("NOT_FOUND");
  const { terms } = found.consent;
  const open = await lockOpen(trx, terms);
  if (!open.includes(consentId)) await lockConsent(trx, signer.merchant, consentId);
  const at = await trx.now();
  const held = await reread(room, trx, terms);
  const state = stateOf(held.consent, held.now);
  const { signatory } = acting ?? {};
  const isDone = held.consent.events.some(
    (event) => event.kind === "SIGNED" && event.signatory === signatory,
  );
  if (state !== "AWAITING_SIGNATORIES" || signatory === undefined) {
    if (isDone && !isEnded(state)) return held;
    throw new BureauError("CONFLICT", `SIGNED after ${state}`, {
      facts: { state, problem: `the consent is ${state} and waits for no signature` },
    });
  }
  if (isDone) return held;
  if (terms.signatories?.includes(signatory) !== true)
    throw new BureauError("SIGNATORY_NOT_REGISTERED", "not among the signatories of the artefact");
  await appendEvent(trx, terms, { kind: "SIGNED", at, actor: signer.merchant, signatory });
  const signed = await reread(room, trx, terms);
  if (isSigned(terms, signed.consent.events)) {
    const others = open.filter((id) => id !== consentId);
    const alive = await aliveAt(room, trx, { grant: terms, open: others, at });
    await supersede(trx, { ended: alive, by: signer, at });
  }
  return signed;
}

type Pair = Pick<ConsentTerms, "merchant" | "bank" | "purpose">;

/** Takes the locks of every consent of the pair that no event has ended, so that they stand still until the commit. */
async function lockOpen(trx: Transaction, pair: Pair): Promise<readonly string[]> {
  await lockPair(trx, pair.merchant, pair);
  const open = await openConsents(trx, pair.merchant, pair);
  // In one order everywhere, so that transactions cannot wait for each other in a ring.
  for (const consentId of open.toSorted()) await lockConsent(trx, pair.merchant, consentId);
  return open;
}

interface Alive {
  readonly terms: ConsentTerms;
  /** False while it waits for signatures. */
  readonly isLive: boolean;
}

/** Those that are for the purpose now: a disbursal has turned an assessment into a monitoring, or has not. */
async function aliveAt(
  { store }: ConsentRoom,
  trx: Transaction,
  { grant, open, at }: { readonly grant: Pair; readonly open: readonly string[]; readonly at: Date },
): Promise<readonly Alive[]> {
  const alive: Alive[] = [];
  for (const consentId of open) {
    const found = await findConsent(trx, consentId, { owner: grant, setNow: store.now?.() });
    if (found === undefined || termsInForce(found.consent, at).purpose !== grant.purpose) continue;
    const state = stateOf(found.consent, at);
    if (isEnded(state)) continue;
    alive.push({ terms: found.consent.terms, isLive: state !== "AWAITING_SIGNATORIES" });
  }
  return alive;
}

function isEnded(state: ReturnType<typeof stateOf>): boolean {
  return ["EXPIRED", "REVOKED", "SUPERSEDED", "CLOSED", "TERMINATED"].includes(state);
}

async function supersede(
  trx: Transaction,
  { ended, by, at }: { readonly ended: readonly Alive[]; readonly by: Signer; readonly at: Date },
): Promise<void> {
  for (const { terms } of ended) {
    const { merchant, signatory } = by;
    await appendEvent(trx, terms, { kind: "SUPERSEDED", at, actor: merchant, signatory });
  }
}

async function reread(room: ConsentRoom, trx: Transaction, terms: ConsentTerms): Promise<StoredConsent> {
  const options = { owner: { merchant: terms.merchant }, setNow: room.store.now?.() };
  const found = await findConsent(trx, terms.consentId, options);
  if (found === undefined) throw new BureauError("NOT_FOUND");
  return found;
}

function agree(rulebook: Rulebook, grant: Grant, at: Date): ReturnType<typeof agreeTerms> {
  const { merchant, purpose, terms, outOfRange } = grant;
  const startsAt = terms.startsAt ?? at.toISOString();
  if (Date.parse(startsAt) < at.getTime()) throw refuseArgument("startsAt", "startsAt lies in the past");
  if (!(Date.parse(terms.expiresAt) > at.getTime()))
    throw refuseArgument("expiresAt", "expiresAt lies in the past");
  return agreeTerms(rulebook, { merchant, purpose, terms: { ...terms, startsAt }, outOfRange });
}

/** The whole artefact: what was agreed, and what the rulebook says beside it. */
function complement(
  rulebook: Rulebook,
  {
    agreed,
    signer,
    ...named
  }: Pick<ConsentTerms, "consentId" | "version" | "supersedes" | "merchant" | "bank" | "purpose"> & {
    readonly agreed: AgreedTerms;
    readonly signer: RegisteredSigner | undefined;
  },
): ConsentTerms {
  const { loan, ...terms } = agreed;
  const monitoring = rulebook.ceilings.POST_LOAN_MONITORING.text;
  return {
    ...named,
    purposeText: rulebook.ceilings[named.purpose].text,
    ...terms,
    ...(loan === undefined ? {} : { loan: { purposeText: monitoring, ...loan } }),
    ...(signer === undefined ? {} : { signatories: signer.list.signatories, quorum: signer.list.quorum }),
    rulebook: rulebook.version,
    notice: noticeOf(rulebook),
  };
}

function noticeOf({ notice }: Rulebook): ConsentTerms["notice"] {
  const sha256 = createHash("sha256").update(notice.text, "utf8").digest("hex");
  return { version: notice.version, language: notice.language, sha256 };
}

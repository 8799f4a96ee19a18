import type { Credential } from "../../../schema/claims.js";
import { BureauError } from "../../../schema/errors.js";
import type { CredentialRegister } from "../../../schema/ports.js";
import { lockConsent } from "../consent-store.js";
import { type ConsentStore, transact } from "../transaction.js";
import {
  consentsOf,
  type EndedCredential,
  type Ending,
  findEnded,
  insertEnded,
  lockGrants,
  revokeUnlessFinal,
} from "./credential-store.js";

/** Credentials of one call. */
const CREDENTIALS_MAX = 1_000;
const ATTEMPTS_MAX = 5;
const ACTOR = /^[\x21-\x7e]{1,200}$/;
/** Up to 500 characters of one line: it is shown to people and written to logs. */
const REASON = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,500}$/u;
/** An issuer (RFC 8414 section 2: a URL, in which `|` cannot stand) and its own name for the thing. */
const QUALIFIED = /^[\x21-\x7b\x7d\x7e]{1,500}\|[\x21-\x7e]{1,128}$/;

type By = Pick<Ending, "actor" | "reason">;

/** Where clients, keys, grants and tokens are ended; see the port for its promise. */
export function createCredentialRegister(store: ConsentStore): CredentialRegister {
  return { end: async (credentials, by) => void (await endCredentials(store, credentials, by)) };
}

/**
 * Ends credentials and revokes every consent that was given through a grant among them. Resolves after the commit to the
 * credentials as they stand on record: a retry changes nothing and names whoever came first.
 * @throws BAD_USER_INPUT, SERVICE_UNAVAILABLE
 */
export async function endCredentials(
  store: ConsentStore,
  credentials: readonly Credential[],
  by: By,
): Promise<readonly EndedCredential[]> {
  requireSound(credentials, by);
  if (credentials.length === 0) return [];
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const ended = await endOnce(store, credentials, by);
    if (ended !== undefined) return ended;
  }
  throw new BureauError("SERVICE_UNAVAILABLE", "consents are being tied to the grant all the time");
}

/** Resolves to `undefined` where a consent was tied to a grant while the others were being locked: nothing is changed. */
async function endOnce(
  store: ConsentStore,
  credentials: readonly Credential[],
  by: By,
): Promise<readonly EndedCredential[] | undefined> {
  const grantIds = credentials.filter(({ kind }) => kind === "GRANT").map(({ id }) => id);
  return transact(store, async (trx) => {
    const consents = await consentsOf(trx, grantIds);
    for (const { merchant, consentId } of consents) await lockConsent(trx, merchant, consentId);
    await lockGrants(trx, grantIds);
    if ((await consentsOf(trx, grantIds)).length !== consents.length) return undefined;
    const at = await trx.now();
    await insertEnded(trx, credentials, { ...by, at });
    for (const consent of consents) await revokeUnlessFinal(trx, consent, { at, actor: by.actor });
    return findEnded(trx, credentials);
  });
}

function requireSound(credentials: readonly Credential[], { actor, reason }: By): void {
  if (credentials.length > CREDENTIALS_MAX)
    throw refuse("credentials", `at most ${CREDENTIALS_MAX} at a time`);
  for (const { id } of credentials) requireQualified(id);
  if (!ACTOR.test(actor)) throw refuse("actor", "actor must be 1 to 200 visible ASCII characters");
  if (!REASON.test(reason)) throw refuse("reason", "reason must be 1 to 500 characters on one line");
}

/** @throws BAD_USER_INPUT unless the name is `issuer|name` */
export function requireQualified(id: string): void {
  if (!QUALIFIED.test(id))
    throw refuse("id", "must name its issuer: issuer|id, in visible ASCII characters, at most 500 and 128");
}

/** @throws BAD_USER_INPUT where the parts, put together, would read as others */
export function qualify(issuer: string, name: string): string {
  if (issuer.includes("|")) throw refuse("issuer", "an issuer is a URL; | cannot stand in it");
  const id = `${issuer}|${name}`;
  requireQualified(id);
  return id;
}

function refuse(argument: string, problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { argument, problem } });
}

import type { Credential } from "../../../schema/claims.js";
import type { ConsentTerms } from "../../../schema/consent-terms.js";
import type { Position } from "../../host/paging.js";
import { appendEvent } from "../consent-store.js";
import { type ConsentStore, read, type Transaction } from "../transaction.js";

/** A credential that was ended, as it stands on record; the first to end it is named. */
export interface EndedCredential extends Credential {
  readonly entryId: string;
  readonly endedAt: Date;
  readonly actor: string;
  readonly reason: string;
}

/** Who ends something, why and when. */
export interface Ending {
  readonly actor: string;
  readonly reason: string;
  readonly at: Date;
}

/** A consent by its key. */
export type ConsentKey = Pick<ConsentTerms, "merchant" | "consentId">;

interface EndedRow {
  readonly entry_id: string;
  readonly kind: Credential["kind"];
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string;
}

const ENDED = "select entry_id, kind, id, at, actor, reason from consents.ended_credential";

/** Ends what is not ended yet. */
export async function insertEnded(
  trx: Transaction,
  credentials: readonly Credential[],
  { at, actor, reason }: Ending,
): Promise<void> {
  await trx.query(
    `insert into consents.ended_credential (kind, id, at, actor, reason)
      select distinct c.kind, c.id, $3::timestamptz, $4::text, $5::text from unnest($1::text[], $2::text[]) as c(kind, id)
      order by c.id, c.kind on conflict do nothing`,
    [credentials.map(({ kind }) => kind), credentials.map(({ id }) => id), at, actor, reason],
  );
}

/** Of the credentials given, those that are ended, with who ended them first. */
export async function findEnded(
  trx: Transaction,
  credentials: readonly Credential[],
): Promise<readonly EndedCredential[]> {
  const text = `${ENDED} where (kind, id) in (select * from unnest($1::text[], $2::text[])) order by id, kind`;
  const rows = await trx.query<EndedRow>(text, [
    credentials.map(({ kind }) => kind),
    credentials.map(({ id }) => id),
  ]);
  return rows.map(toEnded);
}

/** Newest first, after a position; at most `limit`. @throws SERVICE_UNAVAILABLE */
export async function listEnded(
  store: ConsentStore,
  page: { readonly limit: number; readonly after: Position | undefined },
): Promise<readonly EndedCredential[]> {
  const text = `${ENDED} where $2::timestamptz is null or (at, entry_id) < ($2::timestamptz, $3::uuid)
    order by at desc, entry_id desc limit $1`;
  const bound = [page.limit, page.after?.at ?? null, page.after?.id ?? null];
  return (await read<EndedRow>(store, text, bound)).map(toEnded);
}

/** The consents that were given through any of these grants, whatever became of them, in the order of their locks. */
export async function consentsOf(
  trx: Transaction,
  grantIds: readonly string[],
): Promise<readonly ConsentKey[]> {
  const text = `select merchant_id, consent_id from consents.consent_grant where grant_id = any($1::text[])
    order by merchant_id, consent_id`;
  const rows = await trx.query<{ merchant_id: string; consent_id: string }>(text, [grantIds]);
  return rows.map((row) => ({ merchant: row.merchant_id, consentId: row.consent_id }));
}

/** The grant through which a consent was given, or `undefined`. */
export async function grantOf(trx: Transaction, consent: ConsentKey): Promise<string | undefined> {
  const text = "select grant_id from consents.consent_grant where merchant_id = $1 and consent_id = $2";
  const [row] = await trx.query<{ grant_id: string }>(text, [consent.merchant, consent.consentId]);
  return row?.grant_id;
}

/** Ties a consent to a grant; both must be locked. */
export async function insertLink(
  trx: Transaction,
  consent: ConsentKey,
  tie: { readonly grantId: string; readonly at: Date },
): Promise<void> {
  await trx.query(
    "insert into consents.consent_grant (merchant_id, consent_id, grant_id, at) values ($1, $2, $3, $4)",
    [consent.merchant, consent.consentId, tie.grantId, tie.at],
  );
}

/**
 * One at a time may end a grant, tie a consent to it or look for what rests on it. The rows of the consents concerned are
 * locked before, never after, so that transactions cannot wait for each other in a ring.
 */
export async function lockGrants(trx: Transaction, grantIds: readonly string[]): Promise<void> {
  for (const grantId of grantIds.toSorted()) {
    await trx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`consents grant ${grantId}`]);
  }
}

/**
 * Is there a consent under the grant that is neither ended nor, at `at`, expired? One whose loan is disbursed lives by the
 * terms of its monitoring; until something ends it, it counts as alive: a grant kept too long opens nothing by itself.
 */
export async function hasLiveConsent(trx: Transaction, grantId: string, at: Date): Promise<boolean> {
  const text = `select 1 as found from consents.consent_grant g
    join consents.consent c on c.merchant_id = g.merchant_id and c.consent_id = g.consent_id
    where g.grant_id = $1 and ((c.terms->>'expiresAt')::timestamptz > $2 or exists (
      select 1 from consents.consent_event d where d.merchant_id = g.merchant_id and d.consent_id = g.consent_id
        and d.kind = 'DISBURSED')) and not exists (
      select 1 from consents.consent_event e where e.merchant_id = g.merchant_id and e.consent_id = g.consent_id
        and e.kind in ('REVOKED', 'SUPERSEDED', 'TERMINATED', 'CLOSED'))
    limit 1`;
  return (await trx.query(text, [grantId, at])).length > 0;
}

/** Was it revoked or replaced? Its row must be locked for the answer to last. */
export async function isFinal(trx: Transaction, { merchant, consentId }: ConsentKey): Promise<boolean> {
  const text = `select 1 as found from consents.consent_event where merchant_id = $1 and consent_id = $2
    and kind in ('REVOKED', 'SUPERSEDED', 'TERMINATED', 'CLOSED')`;
  return (await trx.query(text, [merchant, consentId])).length > 0;
}

/** Revokes a locked consent unless something final happened to it before. */
export async function revokeUnlessFinal(
  trx: Transaction,
  consent: ConsentKey,
  { at, actor }: Pick<Ending, "at" | "actor">,
): Promise<void> {
  if (!(await isFinal(trx, consent))) await appendEvent(trx, consent, { kind: "REVOKED", at, actor });
}

function toEnded({ entry_id: entryId, at: endedAt, ...same }: EndedRow): EndedCredential {
  return { ...same, entryId, endedAt };
}

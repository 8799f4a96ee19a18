import type { Lane } from "../../../foundation/postgres/lane.js";
import { termsInForce } from "../../../schema/consent.js";
import type { Frequency, LedgerConsent } from "../../../schema/consent-terms.js";
import { CLOCK } from "../consent-row.js";

/**
 * Takes `taken` uses of each consent, or none of it where fewer are left, or where a loan was disbursed since it was
 * read: nothing is counted under terms that are no longer in force. A consent may stand here once a stage.
 */
const CLAIM = `with ${CLOCK}
insert into consents.usage as u (merchant_id, consent_id, is_post_loan, period_start, used, allowed)
select a.merchant_id, a.consent_id, a.is_post_loan, consents.period_start(a.period, clock.now), a.taken, a.allowed
from clock, unnest($2::text[], $3::uuid[], $4::text[], $5::int[], $6::int[], $7::boolean[])
  as a(merchant_id, consent_id, period, allowed, taken, is_post_loan)
where a.taken <= a.allowed and a.is_post_loan = exists (select 1 from consents.consent_event e
  where e.merchant_id = a.merchant_id and e.consent_id = a.consent_id and e.kind = 'DISBURSED')
order by a.merchant_id, a.consent_id, a.is_post_loan
on conflict (merchant_id, consent_id, is_post_loan, period_start)
  do update set used = u.used + excluded.used where u.used + excluded.used <= u.allowed
returning u.consent_id, u.is_post_loan, u.used`;

interface Claim {
  readonly consent: LedgerConsent;
  readonly frequency: Frequency;
  readonly isPostLoan: boolean;
  /** Positions of the callers in the batch. */
  readonly callers: readonly number[];
}

/**
 * Counts a batch of uses. Callers of the same consent are counted together; only where not all of them can be served
 * they are counted one by one, so that the last use goes to exactly one of them.
 */
export async function countUses(
  lane: Lane,
  consents: readonly LedgerConsent[],
  setNow: Date | null,
): Promise<readonly (number | undefined)[]> {
  const left = Array.from<number | undefined>({ length: consents.length });
  const claims = groupByConsent(consents);
  await lane.run(async (client) => {
    const take = async (some: readonly Claim[]): Promise<ReadonlyMap<string, number>> => {
      const terms = some.map(({ consent }) => consent.terms);
      const values = [
        setNow,
        terms.map(({ merchant }) => merchant),
        terms.map(({ consentId }) => consentId),
        some.map(({ frequency }) => frequency.period),
        some.map(({ frequency }) => frequency.count),
        some.map(({ callers }) => callers.length),
        some.map(({ isPostLoan }) => isPostLoan),
      ];
      const { rows } = await client.query<{ consent_id: string; is_post_loan: boolean; used: number }>({
        name: "consents.claim",
        text: CLAIM,
        values,
      });
      return new Map(rows.map((row) => [keyOf(row.consent_id, row.is_post_loan), row.used]));
    };
    const serve = (claim: Claim, used: number): void => {
      const remaining = claim.frequency.count - used;
      claim.callers.forEach((caller, k) => void (left[caller] = remaining + claim.callers.length - 1 - k));
    };
    const together = await take(claims);
    for (const claim of claims) {
      const used = together.get(keyOf(claim.consent.terms.consentId, claim.isPostLoan));
      if (used !== undefined) serve(claim, used);
      else if (claim.callers.length > 1) await takeSingly(claim, take, serve);
    }
  });
  return left;
}

async function takeSingly(
  { callers, ...claim }: Claim,
  take: (claims: readonly Claim[]) => Promise<ReadonlyMap<string, number>>,
  serve: (claim: Claim, used: number) => void,
): Promise<void> {
  for (const caller of callers) {
    const single = { ...claim, callers: [caller] };
    const used = (await take([single])).get(keyOf(claim.consent.terms.consentId, claim.isPostLoan));
    if (used === undefined) return;
    serve(single, used);
  }
}

/** No instant is later: every event that the ledger gave has happened. */
const FAR = new Date(8.64e15);

function groupByConsent(consents: readonly LedgerConsent[]): readonly Claim[] {
  const groups = new Map<string, Claim & { callers: number[] }>();
  for (const [caller, consent] of consents.entries()) {
    const { frequency, stage } = termsInForce(consent, FAR);
    const isPostLoan = stage === "POST_LOAN";
    const key = keyOf(consent.terms.consentId, isPostLoan);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { consent, frequency, isPostLoan, callers: [caller] });
    else group.callers.push(caller);
  }
  return [...groups.values()];
}

function keyOf(consentId: string, isPostLoan: boolean): string {
  return `${consentId} ${isPostLoan}`;
}

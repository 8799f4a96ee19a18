import { MARKETPLACE } from "../../support/actors.js";
import type { TestBureau } from "../../support/bureau.js";

/** What the bureau has heard of a merchant. */
export const KINDS = ["unknown", "known", "consented elsewhere"] as const;
export type Kind = (typeof KINDS)[number];

/** Merchants by kind; the codes are drawn from one bag, so that no code tells its kind. */
export type Population = Readonly<Record<Kind, readonly string[]>>;

const GRANT = "mutation($input: GrantConsentInput!) { grantConsent(input: $input) { id } }";
const GRANTS_AT_ONCE = 8;

/** A reproducible source of whole numbers below a bound (mulberry32). */
export function randomFrom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

export function shuffle<T>(items: readonly T[], random: (bound: number) => number): readonly T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i -= 1) {
    const j = random(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T];
  }
  return shuffled;
}

/** So many merchants of each kind, all with a shop and an order but the unknown ones. */
export async function populate(
  bureau: TestBureau,
  each: number,
  random: (bound: number) => number,
): Promise<Population> {
  const codes = shuffle(
    Array.from({ length: each * KINDS.length }, (_, i) => `91990100MA${String(i).padStart(8, "0")}`),
    random,
  );
  const of = (nth: number) => codes.slice(nth * each, (nth + 1) * each);
  const population = { unknown: of(0), known: of(1), "consented elsewhere": of(2) };
  const present = [...population.known, ...population["consented elsewhere"]];
  const at = new Date(bureau.clock.now().getTime() - 3 * 86_400_000).toISOString();
  await publish(
    bureau,
    "account",
    present.map((merchantId) => ({
      sellerId: `shop-${merchantId}`,
      merchantId,
      legalName: `Shop ${merchantId}`,
      openedAt: "2020-01-01T00:00:00Z",
    })),
  );
  await publish(
    bureau,
    "order",
    present.map((merchantId) => ({
      orderId: `order-${merchantId}`,
      sellerId: `shop-${merchantId}`,
      buyerId: "buyer",
      currency: "CNY",
      totalMinor: 12_345,
      createdAt: at,
      paidAt: at,
    })),
  );
  await grantElsewhere(bureau, population["consented elsewhere"]);
  return population;
}

async function publish(bureau: TestBureau, kind: string, records: readonly object[]): Promise<void> {
  const { status, body } = await bureau.publish(MARKETPLACE, kind, records);
  if (status !== 200 || body.rejected > 0) throw new Error(`${kind}: ${status} ${JSON.stringify(body)}`);
}

async function grantElsewhere(bureau: TestBureau, merchants: readonly string[]): Promise<void> {
  const input = {
    bank: "another-bank",
    purpose: "PRE_LOAN_ASSESSMENT",
    categories: ["IDENTITY", "TRANSACTIONS"],
    lookbackMonths: 12,
    expiresAt: new Date(bureau.clock.now().getTime() + 30 * 86_400_000).toISOString(),
  };
  const waiting = [...merchants];
  const work = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const reply = await bureau.graphql(await bureau.token({ party: "merchant", id }), GRANT, { input });
      if (reply.errors.length > 0) throw new Error(JSON.stringify(reply.errors));
    }
  };
  await Promise.all(Array.from({ length: GRANTS_AT_ONCE }, work));
}

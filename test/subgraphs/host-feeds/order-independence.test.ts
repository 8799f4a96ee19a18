import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import { directory, type Ledger, openLedger, order } from "./ledger.js";

const record = fc.record({
  id: fc.integer({ min: 0, max: 5 }),
  seller: fc.constantFrom("A1", "A2", "B1"),
  totalMinor: fc.integer({ min: 0, max: 2 }),
});
type Sent = { id: number; seller: string; totalMinor: number };

const toOrder = ({ id, seller, totalMinor }: Sent) => order(`o-${id}`, { sellerId: seller, totalMinor });

describe("whatever comes in whatever batches", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let ledger: Ledger;
  let count = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    ledger = await openLedger(database.open());
  });
  afterAll(async () => database.drop());

  const publishAll = async (batches: readonly (readonly object[])[]) => {
    const platform = `platform-${(count += 1)}`;
    const totals = { accepted: 0, corrected: 0, duplicate: 0 };
    for (const batch of batches) {
      const report = await ledger.publish(batch, { platform });
      for (const name of ["accepted", "corrected", "duplicate"] as const) totals[name] += report[name];
    }
    return { platform, totals };
  };

  it("the facts are the last state of each record, and the counts say how they came", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(record, { maxLength: 8 }), { maxLength: 4 }), async (batches) => {
        const state = new Map<number, Sent>();
        const expected = { accepted: 0, corrected: 0, duplicate: 0 };
        for (const sent of batches.flat()) {
          const was = state.get(sent.id);
          if (was === undefined) expected.accepted += 1;
          else if (was.seller === sent.seller && was.totalMinor === sent.totalMinor) expected.duplicate += 1;
          else expected.corrected += 1;
          state.set(sent.id, sent);
        }
        const { platform, totals } = await publishAll(batches.map((batch) => batch.map(toOrder)));
        expect(totals).toEqual(expected);
        const last = [...state.values()].map(toOrder);
        const merchants = await directory.resolve(
          platform,
          last.map(({ sellerId }) => ({ sellerId: String(sellerId), at: "" })),
        );
        const facts = last.map((payload, index) => [merchants[index], payload["orderId"], payload]);
        const stored = (await ledger.facts(platform)).map(({ merchant_id, record_key, payload }) => [
          merchant_id,
          record_key,
          payload,
        ]);
        expect(stored).toEqual(facts.toSorted(byText));
      }),
      { numRuns: 40, verbose: true },
    );
  });

  it("different records land alike in every order and every cut into batches, repeats included", async () => {
    const orders = Array.from({ length: 12 }, (_, id) =>
      toOrder({ id, seller: id % 3 === 0 ? "B1" : "A1", totalMinor: id }),
    );
    const { platform: reference } = await publishAll([orders]);
    const expected = await ledger.facts(reference);
    const shuffled = fc.shuffledSubarray([...orders, ...orders.slice(0, 4)], {
      minLength: 16,
      maxLength: 16,
    });
    await fc.assert(
      fc.asyncProperty(shuffled, fc.integer({ min: 1, max: 15 }), async (mixed, cut) => {
        const { platform, totals } = await publishAll([mixed.slice(0, cut), mixed.slice(cut)]);
        expect(totals).toEqual({ accepted: 12, corrected: 0, duplicate: 4 });
        expect(await ledger.facts(platform)).toEqual(expected);
      }),
      { numRuns: 15, verbose: true },
    );
  });
});

function byText(left: unknown[], right: unknown[]): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

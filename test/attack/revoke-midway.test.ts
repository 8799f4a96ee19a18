import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, bankToken, grant, PROFILE, revoke } from "../support/actors.js";
import { MIDWAYS, type MidwayBureau, startMidwayBureau } from "./scenarios/midway.js";

let midway: MidwayBureau;
beforeAll(async () => {
  midway = await startMidwayBureau();
});
afterAll(async () => midway.bureau.close());

describe("A8: consent that ends while an inquiry is on its way", () => {
  it("A8 answers under a consent that stays, however long the sources take", async () => {
    await grant(midway.bureau, ALICE);
    const reply = await midway.ask({ afterFetch: () => delay(150) });
    expect(reply.errors).toEqual([]);
    expect(reply.data.merchant.identity.legalName).toBe("Alice Trading");
  });

  it.each(MIDWAYS.map((each) => [each.what, each] as const))(
    "A8 releases nothing under a consent that is %s",
    async (_what, { code, terms, hooks }) => {
      const id = await grant(midway.bureau, ALICE, terms?.() ?? {});
      const reply = await midway.ask(hooks(midway.bureau, id));
      expect(midway.hooks).toEqual({});
      expect(reply.data).toEqual({ merchant: null });
      expect(reply.errors.map(({ path, extensions }) => [path, extensions["code"]])).toEqual([
        [["merchant"], code],
      ]);
      expect(reply.extensions["inquiries"]).toMatchObject([{ merchant: ALICE, decision: "REFUSED" }]);
      expect(JSON.stringify(reply)).not.toContain("Alice Trading");
    },
  );

  it("A8 puts on record that less left than was decided", async () => {
    const id = await grant(midway.bureau, ALICE);
    await midway.ask({
      beforeFetch: async () => {
        await revoke(midway.bureau, ALICE, id);
        await delay(80);
      },
    });
    const token = await midway.bureau.token({ party: "merchant", id: ALICE });
    const log = await midway.bureau.graphql(token, "{ inquiries(first: 1) { nodes { decision released } } }");
    expect(log.data.inquiries.nodes).toEqual([{ decision: "REFUSED", released: [] }]);
  });

  it("A8 opens the next inquiry, and not the one on its way, to a consent that is granted meanwhile", async () => {
    const id = await grant(midway.bureau, ALICE, { categories: ["REVIEWS"] });
    const caught = await midway.ask({
      beforeFetch: async () => {
        await revoke(midway.bureau, ALICE, id);
        await grant(midway.bureau, ALICE);
        await delay(80);
      },
    });
    expect(caught.data.merchant).toBeNull();
    const next = await midway.bureau.graphql(await bankToken(midway.bureau), PROFILE, { id: ALICE });
    expect(next.data.merchant.identity.legalName).toBe("Alice Trading");
  });

  it.each([
    [
      "chunks",
      `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id ... @defer { identity { legalName } } } }`,
    ],
    ["a stream", `{ merchants(inquiries: []) @stream(initialCount: 0) { id } }`],
    [
      "events",
      `subscription { merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id } }`,
    ],
  ])("A8 answers at once or not at all: no %s", async (_what, query) => {
    const reply = await midway.bureau.graphql(await bankToken(midway.bureau), query);
    expect([400, 405]).toContain(reply.status);
    expect(reply.data ?? null).toBeNull();
  });
});

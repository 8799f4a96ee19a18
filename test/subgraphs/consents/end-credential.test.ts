import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Credential } from "../../../schema/claims.js";
import type { ConsentLedger } from "../../../schema/ports.js";
import { createConsentLedger } from "../../../subgraphs/consents/index.js";
import { alice, bank, type ConsentRoomTest, officer, openConsentRoom } from "./consent-room.js";

const ISSUER = "https://as.example";
const CLIENT: Credential = { kind: "CLIENT", id: `${ISSUER}|bank-1` };

let room: ConsentRoomTest;
let ledger: ConsentLedger;

beforeEach(async () => {
  room = await openConsentRoom();
  ledger = createConsentLedger({ postgres: room.database.open({ poolMax: 2 }), timeoutMs: 5_000 });
});
afterEach(() => room.close());

const isEnded = async (credential: Credential): Promise<boolean> =>
  (await ledger.check([], [credential])).ended.length > 0;

const END = `mutation($input: EndCredentialInput!) { endCredential(input: $input) { id kind issuer name actor reason endedAt } }`;
const LIST = `query($first: Int! = 20, $after: String) { endedCredentials(first: $first, after: $after) {
  nodes { kind issuer name actor reason } pageInfo { hasNextPage endCursor } } }`;
const input = (over: object = {}) => ({
  input: { kind: "CLIENT", issuer: ISSUER, id: "bank-1", reason: "key lost", ...over },
});

describe("officers", () => {
  test("end a credential, get the same entry again, and see it listed", async () => {
    const once = await room.ask(officer, END, input());
    expect(once.data.endCredential).toMatchObject({
      kind: "CLIENT",
      issuer: ISSUER,
      name: "bank-1",
      actor: "officer-1",
      reason: "key lost",
    });
    expect(await isEnded(CLIENT)).toBe(true);
    const again = await room.ask({ ...officer, id: "officer-2" }, END, input({ reason: "another" }));
    expect(again.data).toEqual(once.data);
    expect((await room.ask(officer, LIST)).data.endedCredentials.nodes).toHaveLength(1);
  });

  test("page through what was ended, newest first", async () => {
    for (let i = 0; i < 5; i += 1) await room.ask(officer, END, input({ id: `bank-${i}` }));
    const names: string[] = [];
    let after: string | null = null;
    do {
      const { data } = await room.ask(officer, LIST, { first: 2, after });
      names.push(...data.endedCredentials.nodes.map(({ name }: { name: string }) => name));
      const { hasNextPage, endCursor } = data.endedCredentials.pageInfo;
      after = hasNextPage ? endCursor : null;
    } while (after !== null);
    expect(names).toEqual(["bank-4", "bank-3", "bank-2", "bank-1", "bank-0"]);
    expect((await room.ask(officer, LIST, { first: 101 })).codes).toEqual(["BAD_USER_INPUT"]);
  });

  test("cannot end what no issuer could have named", async () => {
    for (const over of [{ id: "" }, { id: "a b" }, { issuer: "" }, { issuer: "https://a|b" }, { reason: "" }])
      expect((await room.ask(officer, END, input(over))).codes).toEqual(["BAD_USER_INPUT"]);
  });

  test("are the only ones, and each needs the scope", async () => {
    const platform = { party: "platform", id: "taoyuan-market" } as const;
    for (const caller of [alice, bank, platform]) {
      const scopes = ["credentials:end", "audit:read"] as const;
      expect((await room.ask({ ...caller, scopes }, END, input())).codes).toEqual(["FORBIDDEN"]);
      expect((await room.ask({ ...caller, scopes }, LIST)).codes).toEqual(["FORBIDDEN"]);
    }
    expect((await room.ask({ ...officer, scopes: ["audit:read"] }, END, input())).codes).toEqual([
      "INSUFFICIENT_SCOPE",
    ]);
    expect((await room.ask({ ...officer, scopes: ["credentials:end"] }, LIST)).codes).toEqual([
      "INSUFFICIENT_SCOPE",
    ]);
    expect(await isEnded(CLIENT)).toBe(false);
  });
});

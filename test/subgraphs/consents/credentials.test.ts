import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Postgres } from "../../../foundation/postgres.js";
import { stateOf } from "../../../schema/consent.js";
import type { Credential } from "../../../schema/claims.js";
import type { ConsentState } from "../../../schema/consent-terms.js";
import type { ConsentLedger, CredentialRegister, LinkGrant } from "../../../schema/ports.js";
import {
  createConsentLedger,
  createCredentialRegister,
  createLinkGrant,
} from "../../../subgraphs/consents/index.js";
import {
  alice,
  ALICE,
  BOB,
  CHANGE,
  type ConsentRoomTest,
  GRANT,
  openConsentRoom,
  termsFromNow,
} from "./consent-room.js";

const ISSUER = "https://as.example";
const GRANT_ID = `${ISSUER}|grant-1`;
const BY = { actor: "authorization-server", reason: "the merchant withdrew it" };
const CREDENTIALS: readonly Credential[] = [
  { kind: "CLIENT", id: `${ISSUER}|bank-1` },
  { kind: "KEY", id: `${ISSUER}|key-1` },
  { kind: "GRANT", id: GRANT_ID },
  { kind: "TOKEN", id: `${ISSUER}|token-1` },
];
const grantCredential: Credential = { kind: "GRANT", id: GRANT_ID };

let room: ConsentRoomTest;
let register: CredentialRegister;
let linkGrant: LinkGrant;
let ledger: ConsentLedger;
let statements: string[];

beforeEach(async () => {
  room = await openConsentRoom();
  register = createCredentialRegister({ postgres: room.postgres });
  linkGrant = createLinkGrant({ postgres: room.postgres });
  statements = [];
  ledger = ledgerOn(room.database.open({ poolMax: 2, onStatement: (text) => statements.push(text) }));
});
afterEach(() => room.close());

function ledgerOn(postgres: Postgres): ConsentLedger {
  return createConsentLedger({ postgres, timeoutMs: 5_000 });
}

const consent = async (bankId = "demo-bank", purpose = "PRE_LOAN_ASSESSMENT"): Promise<string> => {
  const frequency = purpose === "PRE_LOAN_ASSESSMENT" ? {} : { frequency: { count: 1, period: "MONTH" } };
  const reply = await room.ask(alice, GRANT, {
    input: termsFromNow({ bank: bankId, purpose, ...frequency }),
  });
  if (reply.codes.length > 0) throw new Error(reply.codes.join());
  return reply.data.grantConsent.id;
};
const change = (verb: string, consentId: string) => room.ask(alice, CHANGE(verb), { input: { consentId } });
const stateIn = async (consentId: string): Promise<ConsentState | undefined> => {
  const banks = ["demo-bank", "second-bank", "third-bank"];
  const { consents, now } = await ledger.check(
    banks.map((id) => ({ bank: id, merchant: ALICE })),
    [],
  );
  const found = consents.flat().find(({ terms }) => terms.consentId === consentId);
  return found && stateOf(found, now);
};
const isEnded = async (credential: Credential): Promise<boolean> =>
  (await ledger.check([], [credential])).ended.length > 0;
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: { code?: string }) => error.code ?? "none",
  );

describe("a check of credentials", () => {
  test.each(CREDENTIALS)("says that $kind was ended, and nothing of the others", async (credential) => {
    expect((await ledger.check([], CREDENTIALS)).ended).toEqual([]);
    await register.end([credential], BY);
    expect((await ledger.check([], CREDENTIALS)).ended).toEqual([credential]);
  });

  test("tells kinds and issuers apart that share a name", async () => {
    await register.end([{ kind: "CLIENT", id: `${ISSUER}|same` }], BY);
    const near: Credential[] = [
      { kind: "TOKEN", id: `${ISSUER}|same` },
      { kind: "CLIENT", id: `${ISSUER}x|same` },
      { kind: "CLIENT", id: `${ISSUER}|same ` },
    ];
    expect((await ledger.check([], near)).ended).toEqual([]);
  });

  test("is one statement with the consents for all who wait, and gives each its own answer", async () => {
    await consent();
    await register.end([CREDENTIALS[0] as Credential], BY);
    await ledger.check([], []);
    statements.length = 0;
    const first = ledger.check([{ bank: "demo-bank", merchant: ALICE }], []);
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = Array.from({ length: 100 }, (_, i) =>
      ledger.check(
        i % 3 === 0 ? [] : [{ bank: "demo-bank", merchant: ALICE }],
        i % 2 === 0 ? CREDENTIALS : CREDENTIALS.slice(1),
      ),
    );
    const snapshots = await Promise.all(waiting);
    await first;
    expect(statements).toHaveLength(2);
    for (const [i, { consents, ended }] of snapshots.entries()) {
      expect(ended).toEqual(i % 2 === 0 ? [CREDENTIALS[0]] : []);
      expect(consents.map((list) => list.length)).toEqual(i % 3 === 0 ? [] : [1]);
    }
  });

  test("sees every end that was acknowledged before it, on another instance too", async () => {
    const other = ledgerOn(room.database.open({ poolMax: 2 }));
    for (let round = 0; round < 25; round += 1) {
      const token: Credential = { kind: "TOKEN", id: `${ISSUER}|round-${round}` };
      const noise = Array.from({ length: 5 }, () => other.check([], [token]));
      await register.end([token], BY);
      expect((await other.check([], [token])).ended).toEqual([token]);
      await Promise.all(noise);
    }
  });
});

describe("ending credentials", () => {
  test("again changes nothing: the first actor, reason and instant stay", async () => {
    await register.end(CREDENTIALS, BY);
    const read = async () =>
      (await room.postgres.pool.query("select * from consents.ended_credential order by kind")).rows;
    const before = await read();
    await register.end([...CREDENTIALS, ...CREDENTIALS], { actor: "officer-9", reason: "again" });
    expect(await read()).toEqual(before);
    expect(before).toHaveLength(4);
  });

  test("refuses a name without an issuer, an empty or many-lined reason, and too many at once", async () => {
    const end = (credentials: readonly Credential[], by = BY) => codeOf(register.end(credentials, by));
    expect(await end([{ kind: "CLIENT", id: "bank-1" }])).toBe("BAD_USER_INPUT");
    expect(await end([{ kind: "CLIENT", id: `${ISSUER}|` }])).toBe("BAD_USER_INPUT");
    expect(await end([{ kind: "CLIENT", id: `${ISSUER}|a b` }])).toBe("BAD_USER_INPUT");
    expect(await end(CREDENTIALS, { ...BY, reason: "" })).toBe("BAD_USER_INPUT");
    expect(await end(CREDENTIALS, { ...BY, reason: "one\ntwo" })).toBe("BAD_USER_INPUT");
    expect(await end(CREDENTIALS, { ...BY, actor: "" })).toBe("BAD_USER_INPUT");
    const many = Array.from({ length: 1_001 }, (_, i) => ({ kind: "TOKEN", id: `${ISSUER}|${i}` }) as const);
    expect(await end(many)).toBe("BAD_USER_INPUT");
    expect(await end(many.slice(1))).toBe("done");
    expect(await end([])).toBe("done");
  });

  test("is not acknowledged when the database is out of reach", async () => {
    await room.postgres.close();
    expect(await codeOf(register.end(CREDENTIALS, BY))).toBe("SERVICE_UNAVAILABLE");
    expect(await isEnded(CREDENTIALS[0] as Credential)).toBe(false);
  });
});

describe("a grant and the consents given through it", () => {
  test("end together: every live consent of the grant is revoked, paused ones too, and no other", async () => {
    const [live, paused, replaced, other] = [
      await consent("demo-bank"),
      await consent("second-bank"),
      await consent("third-bank"),
      await consent("demo-bank", "POST_LOAN_MONITORING"),
    ];
    for (const id of [live, paused, replaced]) expect(await linkGrant(ALICE, id, GRANT_ID)).toBe(true);
    expect(await linkGrant(ALICE, other, `${ISSUER}|grant-2`)).toBe(true);
    await change("pauseConsent", paused);
    const successor = await consent("third-bank");
    await register.end([grantCredential], BY);
    expect(await stateIn(live)).toBe("REVOKED");
    expect(await stateIn(paused)).toBe("REVOKED");
    expect(await stateIn(replaced)).toBe("SUPERSEDED");
    expect(await stateIn(successor)).toBe("ACTIVE");
    expect(await stateIn(other)).toBe("ACTIVE");
    const { rows } = await room.postgres.pool.query(
      "select kind, actor from consents.consent_event where consent_id = $1 order by seq",
      [live],
    );
    expect(rows.at(-1)).toEqual({ kind: "REVOKED", actor: BY.actor });
    await register.end([grantCredential], BY);
    expect(await stateIn(live)).toBe("REVOKED");
  });

  test("end in one transaction: where a consent cannot be revoked, the grant is not ended", async () => {
    const id = await consent();
    await linkGrant(ALICE, id, GRANT_ID);
    await room.postgres.pool.query(`
      create function consents.fail() returns trigger language plpgsql as $$ begin raise 'no' using errcode = '57014'; end $$;
      create trigger zz_fail before insert on consents.consent_event for each row when (new.kind = 'REVOKED')
        execute function consents.fail()`);
    expect(await codeOf(register.end([grantCredential], BY))).toBe("SERVICE_UNAVAILABLE");
    expect(await isEnded(grantCredential)).toBe(false);
    await room.postgres.pool.query("drop trigger zz_fail on consents.consent_event");
    await register.end([grantCredential], BY);
    expect(await isEnded(grantCredential)).toBe(true);
    expect(await stateIn(id)).toBe("REVOKED");
  });

  test("end the other way round too: with its last live consent, and no earlier", async () => {
    const [first, second] = [await consent("demo-bank"), await consent("second-bank")];
    for (const id of [first, second]) await linkGrant(ALICE, id, GRANT_ID);
    await change("revokeConsent", first);
    expect(await isEnded(grantCredential)).toBe(false);
    await change("pauseConsent", second);
    expect(await isEnded(grantCredential)).toBe(false);
    await change("revokeConsent", second);
    expect(await isEnded(grantCredential)).toBe(true);
    const { rows } = await room.postgres.pool.query("select actor from consents.ended_credential");
    expect(rows).toEqual([{ actor: ALICE }]);
  });

  test("leave grants alone that the revoked consent does not rest on", async () => {
    const [tied, free] = [await consent("demo-bank"), await consent("second-bank")];
    await linkGrant(ALICE, tied, GRANT_ID);
    await change("revokeConsent", free);
    expect(await isEnded(grantCredential)).toBe(false);
  });

  test("end once however two last consents are revoked at the same time", async () => {
    for (let round = 0; round < 10; round += 1) {
      const grantId = `${ISSUER}|pair-${round}`;
      const pair = [await consent("demo-bank"), await consent("second-bank")];
      for (const id of pair) await linkGrant(ALICE, id, grantId);
      const replies = await Promise.all(pair.map((id) => change("revokeConsent", id)));
      expect(replies.flatMap(({ codes }) => codes)).toEqual([]);
      expect(await isEnded({ kind: "GRANT", id: grantId })).toBe(true);
    }
  });
});

describe("tying a consent to a grant", () => {
  test("gives the same answer again, and refuses a second grant", async () => {
    const id = await consent();
    expect(await linkGrant(ALICE, id, GRANT_ID)).toBe(true);
    expect(await linkGrant(ALICE, id, GRANT_ID)).toBe(true);
    expect(await codeOf(linkGrant(ALICE, id, `${ISSUER}|grant-2`))).toBe("CONFLICT");
  });

  test("revokes the consent where the grant had been ended before", async () => {
    await register.end([grantCredential], BY);
    const id = await consent();
    expect(await linkGrant(ALICE, id, GRANT_ID)).toBe(false);
    expect(await stateIn(id)).toBe("REVOKED");
    expect(await linkGrant(ALICE, id, GRANT_ID)).toBe(false);
  });

  test("knows no consent of another merchant, no malformed name and no consent that ended", async () => {
    const id = await consent();
    expect(await codeOf(linkGrant(BOB, id, GRANT_ID))).toBe("NOT_FOUND");
    expect(await codeOf(linkGrant(ALICE, "x", GRANT_ID))).toBe("NOT_FOUND");
    expect(await codeOf(linkGrant(ALICE, id, "grant-1"))).toBe("BAD_USER_INPUT");
    await change("revokeConsent", id);
    expect(await codeOf(linkGrant(ALICE, id, GRANT_ID))).toBe("CONFLICT");
  });

  test("leaves no live consent under an ended grant, however ties and ends meet", async () => {
    for (let round = 0; round < 15; round += 1) {
      const grantId = `${ISSUER}|race-${round}`;
      const ids = [await consent("demo-bank"), await consent("second-bank"), await consent("third-bank")];
      await linkGrant(ALICE, ids[0] ?? "", grantId);
      const outcomes = await Promise.all([
        codeOf(linkGrant(ALICE, ids[1] ?? "", grantId)),
        codeOf(register.end([{ kind: "GRANT", id: grantId }], BY)),
        codeOf(linkGrant(ALICE, ids[2] ?? "", grantId)),
      ]);
      expect(outcomes).toEqual(["done", "done", "done"]);
      expect(await Promise.all(ids.map(stateIn))).toEqual(["REVOKED", "REVOKED", "REVOKED"]);
    }
  });
});

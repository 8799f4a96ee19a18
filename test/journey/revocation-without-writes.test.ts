import { afterEach, describe, expect, it } from "vitest";
import type { Postgres } from "../../foundation/postgres.js";
import { ALICE, bankToken, grant, PROFILE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";

let bureau: TestBureau;
let database: TestDatabase;
let owner: Postgres | undefined;
afterEach(async () => bureau.close());

const REVOKE = `mutation($input: ConsentIdInput!) { revokeConsent(input: $input) { state } }`;

/** As after a full disk or by the owner's hand: new sessions read only, and the old ones are ended. */
async function setWrites(isAllowed: boolean): Promise<void> {
  owner ??= database.open({ poolMax: 1 });
  const { pool } = owner;
  const { rows } = await pool.query<{ name: string }>("select quote_ident(current_database()) as name");
  const only = isAllowed ? "off" : "on";
  await pool.query(
    `set default_transaction_read_only = off; alter database ${rows[0]?.name} set default_transaction_read_only = ${only}`,
  );
  await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
  );
}

describe("a database that takes no writes", () => {
  it("acknowledges no revocation and releases nothing, and both come back with the writes", async () => {
    database = await createTestDatabase();
    bureau = await startTestBureau({ database });
    await publishTwoMerchants(bureau);
    const consentId = await grant(bureau, ALICE);
    const [bank, merchant] = [await bankToken(bureau), await bureau.token({ party: "merchant", id: ALICE })];
    const revoke = () => bureau.graphql(merchant, REVOKE, { input: { consentId } });

    await setWrites(false);
    const refused = await revoke();
    expect(refused.data?.revokeConsent ?? null).toBeNull();
    expect(refused.errors[0]?.extensions["code"]).toBe("SERVICE_UNAVAILABLE");
    // The check could still be made; the use of the consent cannot be counted, nor the inquiry put on record.
    const closed = await bureau.graphql(bank, PROFILE, { id: ALICE });
    expect(closed.status).toBe(503);
    expect(closed.errors[0]?.extensions["code"]).toBe("CONSENT_UNKNOWN");

    await setWrites(true);
    // A pool hands out what it believes to be alive, once.
    let reply = await revoke();
    for (let i = 0; i < 20 && reply.data?.revokeConsent == null; i++) reply = await revoke();
    expect(reply.data.revokeConsent.state).toBe("REVOKED");
    const after = await bureau.graphql(bank, PROFILE, { id: ALICE });
    expect(after.errors[0]?.extensions["code"]).toBe("CONSENT_REVOKED");
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import type { Postgres } from "../../../foundation/postgres.js";
import { createAccountDirectory } from "../../../subgraphs/merchants/index.js";
import { A, account, B, C, openMarket, PLATFORM, type PublishAccounts } from "./market.js";

describe("linking accounts", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let postgres: Postgres;
  let publish: PublishAccounts;
  let seller: string;
  let count = 0;
  const statements: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    postgres = database.open({ onStatement: (text) => statements.push(text) });
    publish = await openMarket(postgres);
  });
  afterAll(async () => database.drop());
  beforeEach(() => {
    seller = `s-${(count += 1)}`;
  });

  /** Whose the seller account was at each instant. */
  const owners = async (...instants: string[]) =>
    createAccountDirectory(postgres).resolve(
      PLATFORM,
      instants.map((at) => ({ sellerId: seller, at })),
    );

  it("an account belongs to its merchant from its opening on, and not before", async () => {
    expect(await publish([account(seller, A)])).toMatchObject({ accepted: 1, rejected: 0 });
    expect(
      await owners("2019-12-31T23:59:59.999Z", "2020-01-01T08:00:00+08:00", "2090-01-01T00:00:00Z"),
    ).toEqual([undefined, A, A]);
  });

  it("a link is dated: the start counts, the end does not", async () => {
    await publish([
      account(seller, A, { validFrom: "2021-01-01T00:00:00Z", validTo: "2022-01-01T00:00:00Z" }),
    ]);
    expect(
      await owners(
        "2020-06-01T00:00:00Z",
        "2021-01-01T00:00:00Z",
        "2021-12-31T23:59:59.999Z",
        "2022-01-01T00:00:00Z",
      ),
    ).toEqual([undefined, A, A, undefined]);
  });

  it("a transfer ends the old owner's link at the new one's start", async () => {
    await publish([account(seller, A)]);
    await publish([account(seller, B, { validFrom: "2022-01-01T00:00:00Z" })]);
    expect(await owners("2021-12-31T23:59:59Z", "2022-01-01T00:00:00Z")).toEqual([A, B]);
  });

  it("a shop that is sold and bought back is its first owner's twice", async () => {
    await publish([
      account(seller, A),
      account(seller, B, { validFrom: "2021-01-01T00:00:00Z" }),
      account(seller, A, { validFrom: "2022-01-01T00:00:00Z" }),
    ]);
    expect(await owners("2020-06-01T00:00:00Z", "2021-06-01T00:00:00Z", "2022-06-01T00:00:00Z")).toEqual([
      A,
      B,
      A,
    ]);
  });

  it("a corrected transfer moves its own start only", async () => {
    await publish([account(seller, A)]);
    await publish([account(seller, B, { validFrom: "2021-01-01T00:00:00Z" })]);
    await publish([account(seller, B, { validFrom: "2022-01-01T00:00:00Z" })]);
    expect(await owners("2021-06-01T00:00:00Z", "2022-06-01T00:00:00Z")).toEqual([A, B]);
  });

  it("an account that was given to the wrong merchant leaves it wholly when no start is stated", async () => {
    await publish([account(seller, A)]);
    await publish([account(seller, B)]);
    expect(await owners("2020-06-01T00:00:00Z", "2024-01-01T00:00:00Z")).toEqual([B, B]);
    const { rows } = await postgres.pool.query(
      "select merchant_id from merchants.account_link where seller_id = $1",
      [seller],
    );
    expect(rows).toEqual([{ merchant_id: B }]);
  });

  it("the same history in one batch or in three ends alike", async () => {
    const history = [
      account(seller, A),
      account(seller, C, { validFrom: "2021-01-01T00:00:00Z" }),
      account(seller, B, { validFrom: "2023-01-01T00:00:00Z" }),
    ];
    await publish(history);
    const instants = ["2020-06-01T00:00:00Z", "2022-06-01T00:00:00Z", "2023-06-01T00:00:00Z"];
    const together = await owners(...instants);
    seller = `${seller}-apart`;
    for (const record of history) await publish([{ ...record, sellerId: seller }]);
    expect(together).toEqual([A, C, B]);
    expect(await owners(...instants)).toEqual(together);
  });

  it("only an owner's file receives records: operators, agents and beneficiaries stand beside", async () => {
    await publish([
      account(seller, A),
      account(seller, B, { role: "OPERATOR" }),
      account(seller, C, { role: "AGENT" }),
    ]);
    expect(await owners("2021-01-01T00:00:00Z")).toEqual([A]);
    const { rows } = await postgres.pool.query(
      "select count(*) as n from merchants.account_link where seller_id = $1",
      [seller],
    );
    expect(rows).toEqual([{ n: 3 }]);
    seller = `${seller}-operated`;
    await publish([account(seller, B, { role: "OPERATOR" })]);
    expect(await owners("2021-01-01T00:00:00Z")).toEqual([undefined]);
  });

  it("a name alone never joins; better evidence does", async () => {
    await publish([account(seller, A, { evidence: ["NAME_ONLY"] })]);
    expect(await owners("2021-01-01T00:00:00Z")).toEqual([undefined]);
    await publish([account(seller, A, { evidence: ["NAME_ONLY", "DOMAIN"] })]);
    expect(await owners("2021-01-01T00:00:00Z")).toEqual([A]);
  });

  it("a link that ends before it starts is rejected at its end", async () => {
    const report = await publish([
      account(seller, A, { validTo: "2020-01-01T08:00:00+08:00" }),
      account(seller, A, { validFrom: "2021-01-01T00:00:00Z", validTo: "2020-06-01T00:00:00Z" }),
    ]);
    expect(report.rejections.map(({ line, pointer, code }) => [line, pointer, code])).toEqual([
      [1, "/validTo", "FEED_RECORD_INVALID"],
      [2, "/validTo", "FEED_RECORD_INVALID"],
    ]);
  });

  it("another platform's account of the same name is another account", async () => {
    await publish([account(seller, A)]);
    await publish([account(seller, B)], "pinglun-reviews");
    const directory = createAccountDirectory(postgres);
    const at = [{ sellerId: seller, at: "2021-01-01T00:00:00Z" }];
    expect([await directory.resolve(PLATFORM, at), await directory.resolve("pinglun-reviews", at)]).toEqual([
      [A],
      [B],
    ]);
    expect(await directory.resolve("unheard-of", at)).toEqual([undefined]);
  });

  it("asks the database once, however many accounts are asked about, and in the order asked", async () => {
    await publish([account(seller, A), account(`${seller}-b`, B)]);
    statements.length = 0;
    const at = "2021-01-01T00:00:00Z";
    const asked = Array.from({ length: 1_000 }, (_, index) => ({
      sellerId: index % 2 === 0 ? seller : `${seller}-b`,
      at,
    }));
    const answers = await createAccountDirectory(postgres).resolve(PLATFORM, [
      ...asked,
      { sellerId: "unknown", at },
    ]);
    expect(answers).toEqual([...asked.map((_, index) => (index % 2 === 0 ? A : B)), undefined]);
    expect(statements).toHaveLength(1);
    expect(await createAccountDirectory(postgres).resolve(PLATFORM, [])).toEqual([]);
    expect(statements).toHaveLength(1);
  });
});

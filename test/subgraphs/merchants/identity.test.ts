import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../support/database.js";
import type { Postgres } from "../../../foundation/postgres.js";
import type { PlatformAccount } from "../../../schema/claims.js";
import { A, account, ask, B, C, D, openMarket } from "./market.js";

const IDENTITY = `identity { legalName regime uscc usccChecksumValid tenure { firstAccountOpenedAt days }
  accounts { platform kind sellerId role openedAt validFrom validTo region category confidence } }`;
const MERCHANT = `query ($id: MerchantId!, $reference: String = "case-1") {
  merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: $reference) { id ${IDENTITY} } }`;
const MERCHANTS = `query ($inquiries: [InquiryInput!]!) {
  merchants(inquiries: $inquiries) { id identity { legalName } } }`;

const inquiries = (...ids: string[]) =>
  ids.map((id) => ({ id, purpose: "PRE_LOAN_ASSESSMENT", reference: "case-1" }));

describe("who a merchant is", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let postgres: Postgres;
  const statements: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    postgres = database.open({ onStatement: (text) => statements.push(text) });
    const publish = await openMarket(postgres);
    await publish([
      account("s-1", A, {
        region: "Zhejiang",
        category: "tea",
        validFrom: "2021-06-01T00:00:00Z",
        validTo: "2024-01-01T00:00:00Z",
      }),
      account("s-2", A, {
        legalName: "Only a name",
        openedAt: "2010-01-01T00:00:00Z",
        evidence: ["NAME_ONLY"],
      }),
      account("s-3", B, { role: "OPERATOR", openedAt: "2012-01-01T00:00:00Z" }),
      account("s-4", D, { openedAt: "2030-01-01T00:00:00Z" }),
    ]);
    const weaker = {
      legalName: "Weaker Name",
      evidence: ["DOMAIN"],
      platformKind: "PAYMENT",
      openedAt: "2022-01-01T00:00:00Z",
    };
    await publish([account("m-1", A, weaker)], "yinlian-pay");
  });
  afterAll(async () => database.drop());
  beforeEach(() => {
    statements.length = 0;
  });

  const identityOf = async (id: string) => {
    const { data, errors } = await ask(postgres, { grants: [id] }, { query: MERCHANT, variables: { id } });
    expect(errors).toBeUndefined();
    return (data as { merchant: { identity: Record<string, unknown> | null } }).merchant.identity;
  };

  it("is told by its links: best-evidenced name, regime, own tenure, accounts with their confidence", async () => {
    expect(await identityOf(A)).toEqual({
      legalName: `Name of ${A}`,
      regime: "ENTERPRISE",
      uscc: A,
      usccChecksumValid: true,
      tenure: { firstAccountOpenedAt: "2021-06-01T00:00:00.000Z", days: 1096 },
      accounts: [
        {
          platform: "yinlian-pay",
          kind: "PAYMENT",
          sellerId: "m-1",
          role: "OWNER",
          openedAt: "2022-01-01T00:00:00.000Z",
          validFrom: "2022-01-01T00:00:00.000Z",
          validTo: null,
          region: null,
          category: null,
          confidence: 4,
        },
        {
          platform: "taoyuan-market",
          kind: "MARKETPLACE",
          sellerId: "s-1",
          role: "OWNER",
          openedAt: "2020-01-01T00:00:00.000Z",
          validFrom: "2021-06-01T00:00:00.000Z",
          validTo: "2024-01-01T00:00:00.000Z",
          region: "Zhejiang",
          category: "tea",
          confidence: 10,
        },
      ],
    });
  });

  it("a sole trader is an individual; operating another's account is no tenure", async () => {
    expect(await identityOf(B)).toMatchObject({
      regime: "INDIVIDUAL",
      tenure: null,
      accounts: [{ role: "OPERATOR" }],
    });
  });

  it("a wrong check digit warns; an account that opens in the future is no tenure yet", async () => {
    expect(await identityOf(D)).toMatchObject({ usccChecksumValid: false, tenure: null });
  });

  it("nobody vouches for an unknown merchant", async () => {
    expect(await identityOf(C)).toBeNull();
  });

  it("rests on the accounts that the permit opens, and on those alone: name, tenure and rows (P4)", async () => {
    const asked = async (accounts: readonly PlatformAccount[]) => {
      const { data, errors } = await ask(
        postgres,
        { grants: [A], accounts: { [A]: accounts } },
        { query: MERCHANT, variables: { id: A } },
      );
      expect(errors).toBeUndefined();
      return (data as { merchant: { identity: unknown } }).merchant.identity;
    };
    const [market, payer] = [
      { platform: "taoyuan-market", sellerId: "s-1" },
      { platform: "yinlian-pay", sellerId: "m-1" },
    ];
    expect(await asked([payer])).toMatchObject({
      legalName: "Weaker Name",
      tenure: { firstAccountOpenedAt: "2022-01-01T00:00:00.000Z" },
      accounts: [{ sellerId: "m-1" }],
    });
    expect(await asked([market])).toMatchObject({
      legalName: `Name of ${A}`,
      tenure: { firstAccountOpenedAt: "2021-06-01T00:00:00.000Z" },
      accounts: [{ sellerId: "s-1" }],
    });
    expect(await asked([market, payer])).toEqual(await identityOf(A));
    // Another merchant's account, the right seller on the wrong platform, a link that never joins, and none at all.
    for (const closed of [
      { platform: "taoyuan-market", sellerId: "s-3" },
      { platform: "yinlian-pay", sellerId: "s-1" },
      { platform: "taoyuan-market", sellerId: "s-2" },
    ])
      expect(await asked([closed])).toBeNull();
    expect(await asked([])).toBeNull();
  });

  it("in a portfolio each merchant is told by its own list of accounts, in one statement", async () => {
    const accounts = {
      [A]: [{ platform: "yinlian-pay", sellerId: "m-1" }],
      [B]: [{ platform: "yinlian-pay", sellerId: "m-1" }],
    };
    const { data } = await ask(
      postgres,
      { grants: [A, B, D], accounts },
      { query: MERCHANTS, variables: { inquiries: inquiries(A, B, D) } },
    );
    expect(data).toEqual({
      merchants: [
        { id: A, identity: { legalName: "Weaker Name" } },
        { id: B, identity: null },
        { id: D, identity: { legalName: `Name of ${D}` } },
      ],
    });
    expect(statements).toHaveLength(1);
  });

  it("a permit without a grant opens no merchant, known or unknown", async () => {
    for (const id of [A, C]) {
      const answer = await ask(postgres, { grants: [B] }, { query: MERCHANT, variables: { id } });
      expect(answer).toEqual({ data: { merchant: null } });
    }
    expect(statements).toEqual([]);
  });

  it("a grant without the category opens no identity", async () => {
    const asker = { grants: [A], categories: ["TRANSACTIONS"] } as const;
    const { data, errors } = await ask(postgres, asker, { query: MERCHANT, variables: { id: A } });
    expect(data).toEqual({ merchant: { id: A, identity: null } });
    expect(errors).toMatchObject([
      { path: ["merchant", "identity"], extensions: { code: "PERMIT_INVALID", category: "IDENTITY" } },
    ]);
    expect(statements).toEqual([]);
  });

  it("a portfolio keeps its order, with null where nothing was granted, and costs one statement", async () => {
    const variables = { inquiries: inquiries(B, C, A, D) };
    const { data } = await ask(postgres, { grants: [A, B, D] }, { query: MERCHANTS, variables });
    expect(data).toEqual({
      merchants: [
        { id: B, identity: { legalName: `Name of ${B}` } },
        null,
        { id: A, identity: { legalName: `Name of ${A}` } },
        { id: D, identity: { legalName: `Name of ${D}` } },
      ],
    });
    expect(statements).toHaveLength(1);
  });

  it("a portfolio has at most 100 inquiries", async () => {
    const many = (count: number) => ({ inquiries: Array.from({ length: count }, () => inquiries(A)[0]) });
    expect(
      (await ask(postgres, { grants: [A] }, { query: MERCHANTS, variables: many(100) })).errors,
    ).toBeUndefined();
    const { data, errors } = await ask(postgres, { grants: [A] }, { query: MERCHANTS, variables: many(101) });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  });

  it.each(["", " ", " a", "a ", "x".repeat(65), "a\tb", "\u8ba2"])(
    "%j is no reference",
    async (reference) => {
      const one = await ask(postgres, { grants: [A] }, { query: MERCHANT, variables: { id: A, reference } });
      expect(one.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
      const variables = { inquiries: [...inquiries(A), { ...inquiries(B)[0], reference }] };
      expect((await ask(postgres, { grants: [A, B] }, { query: MERCHANTS, variables })).errors).toMatchObject(
        [{ extensions: { code: "BAD_USER_INPUT" } }],
      );
    },
  );

  it("a reference has 1 to 64 characters", async () => {
    for (const reference of ["x", "case 2024/7", "x".repeat(64)]) {
      expect(
        (await ask(postgres, { grants: [A] }, { query: MERCHANT, variables: { id: A, reference } })).errors,
      ).toBeUndefined();
    }
  });

  it("a merchant reads its own file, and only its own", async () => {
    const query = "{ me { id identity { legalName } } }";
    expect((await ask(postgres, { party: "merchant", id: A, grants: [A, B] }, { query })).data).toEqual({
      me: { id: A, identity: { legalName: `Name of ${A}` } },
    });
    expect((await ask(postgres, { party: "merchant", id: A, grants: [B] }, { query })).data).toEqual({
      me: null,
    });
  });

  it("banks have no own file, and merchants, platforms and officers ask about nobody", async () => {
    const code = async (...asked: Parameters<typeof ask>) =>
      (await ask(...asked)).errors?.[0]?.extensions.code;
    expect(await code(postgres, { id: A, grants: [A] }, { query: "{ me { id } }" })).toBe("FORBIDDEN");
    for (const party of ["merchant", "platform", "officer"] as const) {
      expect(
        await code(postgres, { party, id: A, grants: [A] }, { query: MERCHANT, variables: { id: A } }),
      ).toBe("FORBIDDEN");
      expect(
        await code(
          postgres,
          { party, grants: [A] },
          { query: MERCHANTS, variables: { inquiries: inquiries(A) } },
        ),
      ).toBe("FORBIDDEN");
    }
    expect(
      await code(
        postgres,
        { scopes: ["consents:read"], grants: [A] },
        { query: MERCHANT, variables: { id: A } },
      ),
    ).toBe("INSUFFICIENT_SCOPE");
    expect(
      await code(postgres, { party: "merchant", id: A, scopes: [], grants: [A] }, { query: "{ me { id } }" }),
    ).toBe("INSUFFICIENT_SCOPE");
  });

  it("entities answer where there is a grant and not elsewhere, in one statement", async () => {
    const query =
      "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Merchant { id identity { legalName } } } }";
    const r = [B, A, C].map((id) => ({ __typename: "Merchant", id }));
    const { data } = await ask(postgres, { grants: [A, C] }, { query, variables: { r } });
    expect(data).toEqual({
      _entities: [null, { id: A, identity: { legalName: `Name of ${A}` } }, { id: C, identity: null }],
    });
    expect(statements).toHaveLength(1);
  });
});

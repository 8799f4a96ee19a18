import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BureauError } from "../../../schema/errors.js";
import { ALICE, bankToken, BOB, grant, PROFILE, publishTwoMerchants } from "../../support/actors.js";
import { type Asking, askBy, type Faults, type House, startHouse, WAYS } from "./two-doors.js";

let house: House;
let bank: string;
let merchant: string;

beforeAll(async () => {
  house = await startHouse();
  await publishTwoMerchants(house.bureau);
  bank = await bankToken(house.bureau);
  merchant = await house.bureau.token({ party: "merchant", id: ALICE });
}, 60_000);
beforeEach(async () => {
  for (const name of Object.keys(house.faults)) delete house.faults[name as keyof Faults];
  await grant(house.bureau, ALICE, { categories: ["IDENTITY", "TRANSACTIONS", "REVIEWS"] });
});
afterAll(async () => house.bureau.close());

const GRANT = `mutation Grant($input: GrantConsentInput!) { grantConsent(input: $input) { state } }`;
const PORTFOLIO =
  "query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { id identity { legalName } } }";
const PAGE = "query($n: Int!) { inquiries(first: $n) { nodes { id } } }";
const GRANTED = {
  bank: "other-bank",
  purpose: "PRE_LOAN_ASSESSMENT",
  categories: ["IDENTITY"],
  lookbackMonths: 12,
};
const inquiry = (id: string) => ({ id, purpose: "PRE_LOAN_ASSESSMENT", reference: "C-1" });

interface Case {
  readonly what: string;
  readonly asking: () => Asking;
  readonly faults?: Faults;
  readonly status: number;
  /** Codes in the answer, in order of their paths. */
  readonly codes: readonly string[];
  /** Decisions on record, in order. */
  readonly record: readonly string[];
  readonly headers?: Readonly<Record<string, unknown>>;
}

const profile = (id: string, over: Partial<Asking> = {}): (() => Asking) => {
  return () => ({ token: bank, body: { query: PROFILE, variables: { id } }, ...over });
};

const CASES: readonly Case[] = [
  {
    what: "a part of a profile is granted and the rest withheld on its path",
    asking: profile(ALICE),
    status: 200,
    codes: ["SCOPE_NOT_CONSENTED", "SCOPE_NOT_CONSENTED", "SCOPE_NOT_CONSENTED"],
    record: ["PART_GRANTED"],
    headers: { "cache-control": "no-store", ratelimit: expect.stringContaining('"cost"') },
  },
  {
    what: "a whole answer",
    asking: () => ({
      token: bank,
      body: {
        query: `query($id: MerchantId!) { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { id identity { legalName } } }`,
        variables: { id: ALICE },
      },
    }),
    status: 200,
    codes: [],
    record: ["GRANTED"],
    headers: { "content-type": "application/json; charset=utf-8" },
  },
  { what: "no consent", asking: profile(BOB), status: 200, codes: ["CONSENT_REQUIRED"], record: ["REFUSED"] },
  {
    what: "a portfolio of one who consented and one who did not",
    asking: () => ({
      token: bank,
      body: { query: PORTFOLIO, variables: { inquiries: [inquiry(ALICE), inquiry(BOB)] } },
    }),
    status: 200,
    codes: ["CONSENT_REQUIRED"],
    record: ["GRANTED", "REFUSED"],
  },
  {
    what: "a merchant twice under two references",
    asking: () => ({
      token: bank,
      body: {
        query: PORTFOLIO,
        variables: { inquiries: [inquiry(ALICE), { ...inquiry(ALICE), reference: "C-2" }] },
      },
    }),
    status: 400,
    codes: ["INQUIRY_CONFLICT"],
    record: [],
  },
  {
    what: "a party that may not ask",
    asking: profile(ALICE, {
      get token() {
        return merchant;
      },
    } as Partial<Asking>),
    status: 200,
    codes: ["FORBIDDEN"],
    record: [],
  },
  {
    what: "variables that do not fit",
    asking: () => ({ token: bank, body: { query: PAGE, variables: { n: "x" } } }),
    status: 400,
    codes: ["BAD_USER_INPUT"],
    record: [],
  },
  {
    what: "a variable that is missing",
    asking: () => ({ token: bank, body: { query: PAGE } }),
    status: 400,
    codes: ["BAD_USER_INPUT"],
    record: [],
  },
  {
    what: "an operation that is too costly with these variables",
    asking: () => ({ token: merchant, body: { query: PAGE, variables: { n: 2_147_483_647 } } }),
    status: 400,
    codes: ["OPERATION_TOO_COSTLY"],
    record: [],
  },
  {
    what: "a mutation",
    asking: () => ({
      token: merchant,
      body: {
        query: GRANT,
        operationName: "Grant",
        variables: {
          input: {
            ...GRANTED,
            expiresAt: new Date(house.bureau.clock.now().getTime() + 86_400_000).toISOString(),
          },
        },
      },
    }),
    status: 200,
    codes: [],
    record: [],
  },
  {
    what: "a mutation that its room refuses",
    asking: () => ({
      token: merchant,
      body: { query: GRANT, variables: { input: { ...GRANTED, expiresAt: "2020-01-01T00:00:00Z" } } },
    }),
    status: 200,
    codes: ["BAD_USER_INPUT"],
    record: [],
  },
  {
    what: "a source that does not answer",
    asking: profile(ALICE),
    faults: { subgraph: "signals" },
    status: 200,
    codes: ["SCOPE_NOT_CONSENTED", "SOURCE_UNAVAILABLE", "SCOPE_NOT_CONSENTED", "SCOPE_NOT_CONSENTED"],
    record: ["PART_GRANTED", "PART_GRANTED"],
  },
  {
    what: "a token that rests on what was ended",
    asking: profile(ALICE),
    faults: { ended: true },
    status: 401,
    codes: ["CREDENTIAL_REVOKED"],
    record: ["REFUSED"],
    headers: { "www-authenticate": expect.stringMatching(/^DPoP .*error="invalid_token"/) },
  },
  {
    what: "a ledger out of reach",
    asking: profile(ALICE),
    faults: { ledger: new BureauError("CONSENT_UNKNOWN") },
    status: 503,
    codes: ["CONSENT_UNKNOWN"],
    record: [],
    headers: { "retry-after": "1" },
  },
  {
    what: "a record that cannot be written",
    asking: profile(ALICE),
    faults: { log: new BureauError("INQUIRY_NOT_RECORDED") },
    status: 503,
    codes: ["INQUIRY_NOT_RECORDED"],
    record: [],
    headers: { "retry-after": "1" },
  },
  {
    what: "a mistake of the service, masked",
    asking: profile(ALICE),
    faults: { ledger: new TypeError("x is undefined") },
    status: 500,
    codes: ["INTERNAL_SERVER_ERROR"],
    record: [],
  },
];

/** An answer's codes by the order of their paths: subgraphs answer in the order in which they are done. */
function codesOf(body: { errors?: { path?: unknown; extensions: { code: string } }[] }): readonly string[] {
  const sorted = (body.errors ?? []).toSorted((a, b) => (String(a.path) < String(b.path) ? -1 : 1));
  return sorted.map(({ extensions }) => extensions.code);
}

describe("one answer by every way in", () => {
  it.each(CASES)("$what", async ({ asking, faults = {}, status, codes, record, headers = {} }) => {
    Object.assign(house.faults, faults);
    const seen = [];
    for (const way of WAYS) seen.push(await askBy(way, house, asking()));
    const [text, general, lean] = seen;
    expect(text).toMatchObject({ status, headers });
    expect([...codesOf(text?.body)].toSorted()).toEqual([...codes].toSorted());
    expect(text?.entries.map((entry) => (entry as { decision: string }).decision)).toEqual(record);
    expect(general).toEqual(text);
    expect(lean).toEqual(text);
  });

  it("byte for byte, members and their order", async () => {
    const bodies = [];
    for (const way of WAYS) bodies.push(JSON.stringify((await askBy(way, house, profile(ALICE)())).body));
    expect(new Set(bodies).size).toBe(1);
  });

  it("is on record under the hash that is the document's id", async () => {
    const hashes = new Set();
    for (const way of WAYS) {
      await askBy(way, house, profile(ALICE)());
      for (const { operationSha256 } of house.entries) hashes.add(operationSha256);
    }
    expect([...hashes]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });
});

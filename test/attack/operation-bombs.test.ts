import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, bankToken, grant, publishTwoMerchants } from "../support/actors.js";
import { ask, startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;
let token: string;

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE);
  token = await bankToken(bureau);
});
afterAll(async () => bureau.close());

const merchant = (selection: string, alias = "") =>
  `${alias}merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { ${selection} }`;

describe("operations made to hurt (P13)", () => {
  it.each([
    [
      "an alias flood",
      `{ ${merchant(Array.from({ length: 500 }, (_, i) => `a${i}: id`).join(" "))} }`,
      "OPERATION_TOO_MANY_ALIASES",
    ],
    [
      "an alias flood of __typename",
      `{ ${merchant(Array.from({ length: 500 }, (_, i) => `a${i}: __typename`).join(" "))} }`,
      "OPERATION_TOO_MANY_ALIASES",
    ],
    [
      "a fragment bomb",
      `{ ${merchant("...F0")} } ${Array.from({ length: 30 }, (_, i) => `fragment F${i} on Merchant { ...F${i + 1} ...F${i + 1} }`).join(" ")} fragment F30 on Merchant { id }`,
      "OPERATION_TOO_LARGE",
    ],
    [
      "a circle of fragments",
      `{ ${merchant("...A")} } fragment A on Merchant { ...B } fragment B on Merchant { ...A }`,
      "OPERATION_TOO_LARGE",
    ],
    ["a deep query", `{ ${"a { ".repeat(300)} id ${"}".repeat(300)} }`, "OPERATION_TOO_DEEP"],
    [
      "a flood of directives",
      `{ ${merchant(`id ${"@skip(if: false) ".repeat(300)}`)} }`,
      "OPERATION_TOO_LARGE",
    ],
    [
      "a flood of fields",
      `{ ${merchant("id ".repeat(3_900))} ${merchant("id ".repeat(200))} }`,
      "OPERATION_TOO_LARGE",
    ],
  ])("refuses %s before it is validated", async (_what, query, code) => {
    const reply = await bureau.graphql(token, query);
    expect(reply.status).toBe(400);
    expect(reply.errors).toMatchObject([{ extensions: { code } }]);
    expect(reply.data).toBeUndefined();
  });

  it("refuses an oversized body", async () => {
    const reply = await ask(bureau.gateway, token, {
      query: "{ me { id } }",
      variables: { x: "y".repeat(200_000) },
    });
    expect(reply.status).toBe(413);
    expect(reply.errors[0]?.extensions["code"]).toBe("PAYLOAD_TOO_LARGE");
  });

  it("refuses a batch of operations", async () => {
    const reply = await ask(bureau.gateway, token, [{ query: "{ me { id } }" }, { query: "{ me { id } }" }]);
    expect(reply.status).toBe(405);
    expect(reply.errors[0]?.extensions["code"]).toBe("OPERATION_NOT_ALLOWED");
  });

  it("refuses GET, so that no merchant id is written to an access log", async () => {
    const reply = await bureau.gateway.app.inject({
      method: "GET",
      url: `/graphql?query=${encodeURIComponent("{ me { id } }")}`,
      headers: { authorization: `Bearer ${token}` },
    });
    expect(reply.statusCode).toBe(405);
    expect(reply.headers.allow).toBe("POST");
  });

  it("answers no introspection where it is switched off, and suggests no names", async () => {
    for (const query of ["{ __schema { types { name } } }", '{ __type(name: "Merchant") { name } }']) {
      const reply = await bureau.graphql(token, query);
      expect(reply.status).toBe(400);
      expect(JSON.stringify(reply)).not.toContain("IDENTITY");
    }
    const typo = await bureau.graphql(token, `{ ${merchant("identiti { legalName }")} }`);
    expect(typo.status).toBe(400);
    expect(JSON.stringify(typo.errors)).not.toContain("Did you mean");
  });

  it("answers introspection where the operator opens it", async () => {
    const open = await startTestBureau({ introspection: true });
    const reply = await open.graphql(await bankToken(open), '{ __type(name: "Merchant") { name } }');
    await open.close();
    expect(reply.data).toEqual({ __type: { name: "Merchant" } });
  });

  it("refuses a portfolio of 101 and admits one of 100", async () => {
    const inquiries = (count: number) =>
      Array.from({ length: count }, () => ({ id: ALICE, purpose: "PRE_LOAN_ASSESSMENT", reference: "C-1" }));
    const query = "query($inquiries: [InquiryInput!]!) { merchants(inquiries: $inquiries) { id } }";
    expect((await bureau.graphql(token, query, { inquiries: inquiries(100) })).data.merchants).toHaveLength(
      100,
    );
    const over = await bureau.graphql(token, query, { inquiries: inquiries(101) });
    expect(over.errors[0]?.extensions["code"]).toBe("BAD_USER_INPUT");
    expect(over.data ?? null).toBeNull();
  });

  it.each(["__proto__", "constructor", "hasOwnProperty", "toString"])(
    "treats the alias %s as a name like any other",
    async (name) => {
      const reply = await bureau.graphql(token, `{ ${merchant(`${name}: identity { legalName } id`)} }`);
      expect(JSON.stringify(reply.errors)).toBe("[]");
      expect(Object.entries(reply.data.merchant).find(([key]) => key === name)?.[1]).toEqual({
        legalName: "Alice Trading",
      });
      expect(({} as Record<string, unknown>)["legalName"]).toBeUndefined();
    },
  );

  it.each([
    ["no window", "months: 0"],
    ["too long a window", "months: 37"],
    ["a window that ends before it begins", 'from: "2026-05", until: "2026-01"'],
    ["two forms of a window", 'months: 3, from: "2026-01"'],
  ])("refuses %s and answers the rest", async (_what, window) => {
    const reply = await bureau.graphql(
      token,
      `{ ${merchant(`id transactions(window: { ${window} }) { orderCount { value } }`)} }`,
    );
    expect(reply.data.merchant).toEqual({ id: ALICE, transactions: null });
    expect(reply.errors[0]).toMatchObject({
      path: ["merchant", "transactions"],
      extensions: { code: "BAD_USER_INPUT" },
    });
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReceive } from "../../gateway/receive/index.js";
import { OPERATION_LIMITS, type OperationLimits } from "../../gateway/receive/limits.js";
import { BureauError } from "../../schema/errors.js";
import { ALICE, bankToken, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

let bureau: TestBureau;
let token: string;

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
  token = await bankToken(bureau);
});
afterAll(async () => bureau.close());

/** The guard switched off, and nothing else. */
const UNLIMITED = Object.fromEntries(
  Object.keys(OPERATION_LIMITS).map((name) => [name, Number.MAX_SAFE_INTEGER]),
) as unknown as OperationLimits;

const times = (count: number, of: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(" ");
const me = (selection: string): string => `{ me { ${selection} } }`;
const nested = (depth: number, at: unknown): unknown =>
  Array.from({ length: depth }).reduce((inner) => ({ in: inner }), at);

type Attack = readonly [what: string, body: object, code: string, guards: readonly (keyof OperationLimits)[]];

const ATTACKS: readonly Attack[] = [
  [
    "10,000 aliases",
    { query: me(times(1_300, (i) => `a${i}: id`)) },
    "OPERATION_TOO_MANY_ALIASES",
    ["aliasesMax"],
  ],
  [
    "aliases of __typename",
    { query: `{ ${times(101, (i) => `a${i}: __typename`)} }` },
    "OPERATION_TOO_LARGE",
    ["rootFieldsMax", "aliasesMax"],
  ],
  [
    "directives on a field",
    { query: me(`id ${"@skip(if: false) ".repeat(300)}`) },
    "OPERATION_TOO_LARGE",
    ["directivesMax", "directivesOfOneMax"],
  ],
  [
    "unknown directives on one place",
    { query: `{ __typename ${"@aa".repeat(10)} }` },
    "OPERATION_TOO_LARGE",
    ["directivesOfOneMax"],
  ],
  [
    "directives on the operation, where nothing reads them",
    { query: `query Q ${"@a ".repeat(1_500)} ${me("id")}` },
    "OPERATION_TOO_LARGE",
    ["directivesMax", "directivesOfOneMax"],
  ],
  [
    "directives on variables and fragments",
    { query: `query(${times(60, (i) => `$v${i}: Int @a @b`)}) ${me("id")}` },
    "OPERATION_TOO_LARGE",
    ["directivesMax"],
  ],
  ["500 fields twice", { query: me("id ".repeat(500)) }, "OPERATION_TOO_LARGE", ["repeatsMax"]],
  [
    "fields repeated level by level, which validation compares each with each",
    { query: me("identity { tenure { days days days } } ".repeat(30)) },
    "OPERATION_TOO_LARGE",
    ["repeatsMax"],
  ],
  [
    "fields repeated by inline fragments",
    { query: me("... on Merchant { id } ".repeat(300)) },
    "OPERATION_TOO_LARGE",
    ["repeatsMax"],
  ],
  [
    "a depth of 1,000",
    { query: `{ ${"a { ".repeat(1_000)} id ${"}".repeat(1_000)} }` },
    "OPERATION_TOO_DEEP",
    ["depthMax"],
  ],
  [
    "a circle of fragments",
    { query: `${me("...A")} fragment A on Merchant { ...B } fragment B on Merchant { ...A }` },
    "OPERATION_TOO_LARGE",
    ["expandedSelectionsMax", "depthMax", "aliasesMax", "directivesMax"],
  ],
  [
    "a fragment bomb",
    {
      query: `${me("...F0")} ${times(30, (i) => `fragment F${i} on Merchant { ...F${i + 1} ...F${i + 1} }`)} fragment F30 on Merchant { id }`,
    },
    "OPERATION_TOO_LARGE",
    ["expandedSelectionsMax"],
  ],
  [
    "hundreds of fragments, which validation compares with each other",
    {
      query: `${me(times(300, (i) => `...F${i}`))} ${times(300, (i) => `fragment F${i} on Merchant { id }`)}`,
    },
    "OPERATION_TOO_LARGE",
    ["fragmentsMax"],
  ],
  [
    "hundreds of operations over one fragment",
    {
      query: `${times(300, (i) => `query Q${i} { me { ...F } }`)} fragment F on Merchant { id }`,
      operationName: "Q1",
    },
    "OPERATION_TOO_LARGE",
    ["operationsMax"],
  ],
  [
    "a document of 19,000 tokens",
    { query: `{ merchant(id: [${"1 ".repeat(19_000)}]) { id } }` },
    "OPERATION_TOO_LARGE",
    ["tokensMax"],
  ],
  [
    "an input object 500 deep, written out",
    { query: `{ merchant(id: ${"{ in: ".repeat(500)}1${" }".repeat(500)}) { id } }` },
    "OPERATION_TOO_DEEP",
    ["valueDepthMax"],
  ],
  [
    "a type of 1,000 lists",
    { query: `query($x: ${"[".repeat(1_000)}Int${"]".repeat(1_000)}) ${me("id")}` },
    "OPERATION_TOO_DEEP",
    ["valueDepthMax"],
  ],
  [
    "variables 1,000 deep",
    { query: me("id"), variables: { x: nested(1_000, 1) } },
    "OPERATION_TOO_DEEP",
    ["valueDepthMax"],
  ],
  [
    "variables of 50,000 values",
    { query: me("id"), variables: { ids: Array.from({ length: 50_000 }, () => 1) } },
    "OPERATION_TOO_LARGE",
    ["variableValuesMax"],
  ],
];

function codeOf(body: unknown, limits: OperationLimits): string {
  try {
    const receive = createReceive(limits);
    const form = receive.form(body);
    if ("query" in form) receive.text(form.query);
    return "OK";
  } catch (error) {
    return error instanceof BureauError ? error.code : String(error);
  }
}

describe("an operation made to hurt", () => {
  it.each(ATTACKS)("Q2: of %s is refused before it is validated", async (_what, body, code) => {
    expect(codeOf(body, OPERATION_LIMITS)).toBe(code);
  });

  it.each(ATTACKS)("Q2 twin: of %s goes through where its guard is off", (_what, body, code, guards) => {
    const off = Object.fromEntries(guards.map((guard) => [guard, UNLIMITED[guard]]));
    expect(codeOf(body, { ...OPERATION_LIMITS, ...off })).not.toBe(code);
    // And with no guard at all, nothing is left that refuses it.
    expect(codeOf(body, UNLIMITED)).toBe("OK");
  });

  it.each(ATTACKS)("Q2: of %s is refused at the door by the same code", async (_what, body, code) => {
    const { query, variables } = body as { query: string; variables?: Record<string, unknown> };
    const reply = await bureau.graphql(token, query, variables);
    expect(reply.status).toBe(400);
    expect(reply.errors).toMatchObject([{ extensions: { code } }]);
    expect(reply.data).toBeUndefined();
  });
});

async function post(payload: string | Buffer, headers: Record<string, string> = {}) {
  const reply = await bureau.gateway.app.inject({
    method: "POST",
    url: "/graphql",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
    payload,
  });
  return { status: reply.statusCode, code: reply.json().errors?.[0]?.extensions?.code as string | undefined };
}

describe("a body made to hurt", () => {
  it("Q2: of many operations is refused, one or ten of them", async () => {
    const one = { query: me("id") };
    for (const count of [0, 1, 10]) {
      const batch = JSON.stringify(Array.from({ length: count }, () => one));
      expect(await post(batch)).toEqual({ status: 405, code: "OPERATION_NOT_ALLOWED" });
    }
  });

  it("Q2: of a million ids or a million tokens is refused for its size, before JSON is read", async () => {
    const ids = `{"query":"{ me { id } }","variables":{"ids":[${"1,".repeat(1_000_000)}1]}}`;
    expect(await post(ids)).toEqual({ status: 413, code: "PAYLOAD_TOO_LARGE" });
    const tokens = JSON.stringify({ query: me("id ".repeat(1_000_000)) });
    expect(await post(tokens)).toEqual({ status: 413, code: "PAYLOAD_TOO_LARGE" });
  });

  it("Q2: of 60,000 brackets is refused and not recursed into", async () => {
    const deep = `{"query":"{ me { id } }","variables":{"x":${"[".repeat(60_000)}${"]".repeat(60_000)}}}`;
    expect((await post(deep)).code).toMatch(/^OPERATION_TOO_(DEEP|LARGE)$/);
  });

  it.each([
    ["first: 2147483648", 400, "GRAPHQL_VALIDATION_FAILED"],
    ["first: 2147483647", 400, "OPERATION_TOO_COSTLY"],
    ["first: 1e9", 400, "GRAPHQL_VALIDATION_FAILED"],
  ])("Q2: a page of %s is refused before anything is asked of a room", async (first, status, code) => {
    const statements = bureau.statements.length;
    const merchant = await bureau.token({ party: "merchant", id: ALICE });
    const reply = await bureau.graphql(merchant, `{ inquiries(${first}) { nodes { id } } }`);
    expect([reply.status, reply.errors[0]?.extensions["code"]]).toEqual([status, code]);
    expect(bureau.statements.length).toBe(statements);
  });

  it("Q2: a page of 2^31 in a variable is refused too", async () => {
    const merchant = await bureau.token({ party: "merchant", id: ALICE });
    const query = "query($n: Int!) { inquiries(first: $n) { nodes { id } } }";
    const codes = [];
    for (const n of [2 ** 31, 2 ** 31 - 1, 1e308])
      codes.push((await bureau.graphql(merchant, query, { n })).errors[0]?.extensions["code"]);
    expect(codes).toEqual(["BAD_USER_INPUT", "OPERATION_TOO_COSTLY", "BAD_USER_INPUT"]);
  });

  it.each([
    ["a byte-order mark before the document", { query: `\uFEFF${me("id")}` }, 200],
    ["a flood of byte-order marks", { query: "\uFEFF".repeat(70_000) + me("id") }, 413],
    ["a NUL", { query: `{ me { id\u0000 } }` }, 400],
    ["a full-width name", { query: "{ \uFF4D\uFF45 { id } }" }, 400],
    ["an escape beyond Unicode", { query: '{ merchant(id: "\\u{110000}") { id } }' }, 400],
    ["a lone surrogate", { query: '{ merchant(id: "\\uD800") { id } }' }, 400],
    ["a flood of commas and blanks", { query: `{ me { id ${",".repeat(65_000)} } }` }, 400],
  ])("Q2: %s is read as the specification says, or refused", async (_what, body, status) => {
    const merchant = await bureau.token({ party: "merchant", id: ALICE });
    expect((await post(JSON.stringify(body), { authorization: `Bearer ${merchant}` })).status).toBe(status);
  });

  it("Q2: a member's name written with escapes is the member itself", async () => {
    const hidden = `{"qu\\u0065ry":${JSON.stringify(me(times(200, (i) => `a${i}: id`)))}}`;
    expect((await post(hidden)).code).toBe("OPERATION_TOO_MANY_ALIASES");
    const twice = `{"query":"{ me { id } }","query":${JSON.stringify(me(times(200, (i) => `a${i}: id`)))}}`;
    expect((await post(twice)).code).toBe("OPERATION_TOO_MANY_ALIASES");
  });

  it("Q2: UTF-16 and prototype names are refused as bodies", async () => {
    expect((await post(Buffer.from(JSON.stringify({ query: me("id") }), "utf16le"))).status).toBe(400);
    expect((await post('{"query":"{ me { id } }","__proto__":{"x":1}}')).status).toBe(400);
    expect((await post('{"query":"{ me { id } }","variables":{"__proto__":{"x":1}}}')).status).toBe(400);
  });
});

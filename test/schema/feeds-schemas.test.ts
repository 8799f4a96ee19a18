import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { FEED_KINDS, type FeedKind } from "../../schema/feeds/kinds.js";
import { FEED_SCHEMAS } from "../../schema/feeds/schemas.js";
import { validateRecord } from "../../subgraphs/host/feeds/validate-record.js";

const example = (kind: FeedKind) => FEED_SCHEMAS[kind].examples[1] as Record<string, unknown>;

function refusal(kind: FeedKind, change: Record<string, unknown>) {
  const result = validateRecord(kind, { ...example(kind), ...change });
  return "refusal" in result ? result.refusal : undefined;
}

describe.each(FEED_KINDS)("the schema of %s", (kind) => {
  const schema = FEED_SCHEMAS[kind];

  it("says what it is of", () => {
    expect(schema.$id).toBe(`urn:xinqiao:feed:${kind}:1`);
    expect(schema.title).toBe(`${kind} record`);
    expect(schema.examples.length).toBeGreaterThanOrEqual(2);
  });

  it("accepts each of its examples, under a plain validator too", () => {
    const plain = new Ajv2020({ strict: true, validateFormats: false }).compile(schema);
    for (const record of schema.examples) {
      expect(validateRecord(kind, record)).toEqual({ record });
      expect(plain(record)).toBe(true);
    }
  });

  it("shows every field in its examples", () => {
    const shown = new Set(schema.examples.flatMap((record) => Object.keys(record)));
    expect([...shown].toSorted()).toEqual(Object.keys(schema.properties).toSorted());
  });

  it("misses each required field by name", () => {
    const { required } = schema as unknown as { required: string[] };
    for (const name of required) {
      const { [name]: _, ...rest } = example(kind);
      expect(validateRecord(kind, rest)).toMatchObject({
        refusal: { pointer: `/${name}`, code: "FEED_RECORD_INVALID" },
      });
    }
  });

  it("refuses a field that it does not know", () => {
    expect(refusal(kind, { "sur/prise~": 1 })).toMatchObject({
      pointer: "/sur~1prise~0",
      code: "FEED_RECORD_INVALID",
    });
  });

  it("refuses __proto__, constructor and their like as fields", () => {
    for (const name of ["__proto__", "constructor", "prototype"]) {
      const record: object = JSON.parse(
        `{"${name}": {"polluted": true}, ${JSON.stringify(example(kind)).slice(1)}`,
      );
      expect(validateRecord(kind, record)).toMatchObject({ refusal: { pointer: `/${name}` } });
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("the values of records", () => {
  it.each([
    "2024-03-01T09:30:00Z",
    "2024-02-29T23:59:59.123456789+08:00",
    "1999-12-31T00:00:00-12:00",
    "2000-02-29T00:00:00Z",
  ])("%s is an instant", (createdAt) => {
    expect(refusal("order", { createdAt })).toBeUndefined();
  });

  it.each([
    "2024-03-01",
    "2024-03-01T09:30:00",
    "2024-03-01 09:30:00Z",
    "2024-02-30T00:00:00Z",
    "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2024-04-31T00:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-03-01T24:00:00Z",
    "2024-03-01T23:59:60Z",
    "0000-01-01T00:00:00Z",
    "2024-03-01T09:30:00+15:00",
    "2024-03-01T09:30:00Z\n",
    1_709_000_000,
    null,
  ])("%s is no instant", (createdAt) => {
    expect(refusal("order", { createdAt })).toMatchObject({ pointer: "/createdAt" });
  });

  it.each([-1, 0.5, 9_000_000_000_000_001, "100", null, Number.NaN])("%s is no amount", (totalMinor) => {
    expect(refusal("order", { totalMinor })).toMatchObject({ pointer: "/totalMinor" });
  });

  it("zero and the largest amount are amounts", () => {
    for (const totalMinor of [0, 9_000_000_000_000_000])
      expect(refusal("order", { totalMinor })).toBeUndefined();
  });

  it.each(["", " o", "o ", "o\n1", "o\u00001", "x".repeat(129), 7])("%j is no id", (orderId) => {
    expect(refusal("order", { orderId })).toMatchObject({ pointer: "/orderId" });
  });

  it("an id has up to 128 characters of any script", () => {
    for (const orderId of ["o", "\u8ba2\u5355 1/2", "\u{1f600}".repeat(128)])
      expect(refusal("order", { orderId })).toBeUndefined();
  });

  it("an order has at most 500 lines, and points into a bad one", () => {
    const line = { productId: "p", quantity: 1, amountMinor: 1 };
    expect(refusal("order", { lines: Array.from({ length: 500 }, () => line) })).toBeUndefined();
    expect(refusal("order", { lines: Array.from({ length: 501 }, () => line) })).toMatchObject({
      pointer: "/lines",
    });
    expect(refusal("order", { lines: [line, { ...line, quantity: 0 }] })).toMatchObject({
      pointer: "/lines/1/quantity",
    });
  });

  it("an amount paid needs the instant of payment", () => {
    const { paidAt: _, ...unpaid } = example("order");
    expect(validateRecord("order", unpaid)).toMatchObject({ refusal: { pointer: "/paidAt" } });
  });

  it("a rating is a whole number of 1 to 5, and a text has at most 10,000 characters", () => {
    for (const rating of [0, 6, 4.5])
      expect(refusal("review", { rating })).toMatchObject({ pointer: "/rating" });
    expect(refusal("review", { text: "x".repeat(10_001) })).toMatchObject({ pointer: "/text" });
    expect(refusal("review", { text: "" })).toBeUndefined();
  });

  it("a merchant is a code of 18 characters in capitals; a wrong check digit passes", () => {
    expect(refusal("account", { merchantId: "92990100MA0000B235" })).toBeUndefined();
    for (const merchantId of ["92990100ma0000b234", "92990100MA0000B23", "92990100MA0000BI34"]) {
      expect(refusal("account", { merchantId })).toMatchObject({ pointer: "/merchantId" });
    }
  });

  it("a refusal never repeats the value", () => {
    for (const [kind, change] of [
      ["order", { buyerId: "secret secret " }],
      ["refund", { reason: "secret" }],
      ["review", { text: { secret: 1 } }],
    ] as const) {
      expect(JSON.stringify(refusal(kind, change))).toMatch(/FEED_RECORD_INVALID/);
      expect(JSON.stringify(refusal(kind, change))).not.toMatch(/secret/);
    }
  });
});

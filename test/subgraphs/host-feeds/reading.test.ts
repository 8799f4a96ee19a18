import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { recordInstant, recordKey } from "../../../subgraphs/host/feeds/record-identity.js";
import { pseudonymize, pseudonymOf } from "../../../subgraphs/host/feeds/pseudonymize.js";
import { DEPTH_MAX, readJson } from "../../../subgraphs/host/feeds/read-json.js";
import { Rejections, REJECTIONS_MAX } from "../../../subgraphs/host/feeds/rejections.js";
import { LINE_BYTES_MAX, LineSplitter } from "../../../subgraphs/host/feeds/split-lines.js";
import { FEED_SCHEMAS } from "../../../schema/feeds/schemas.js";
import type {
  AccountRecord,
  FeedRecord,
  OrderRecord,
  ReviewRecord,
  SocialRecord,
} from "../../../schema/feeds/records.js";

function split(body: Uint8Array, size: number): [number, string][] {
  const splitter = new LineSplitter();
  const lines = [];
  for (let at = 0; at < body.length; at += size) lines.push(...splitter.push(body.subarray(at, at + size)));
  lines.push(...splitter.end());
  return lines.map(({ line, bytes }) => [line, Buffer.from(bytes).toString()]);
}

describe("the line splitter", () => {
  const body = Buffer.from('\ufeff{"a":"\u8ba2"}\r\n\n  \n{"b":1}');

  it.each([1, 2, 3, 7, 1000])("cuts the same lines from chunks of %d bytes", (size) => {
    expect(split(body, size)).toEqual([
      [1, '{"a":"\u8ba2"}\r'],
      [2, ""],
      [3, "  "],
      [4, '{"b":1}'],
    ]);
  });

  it("gives no line after the last newline, and none of nothing", () => {
    expect(split(Buffer.from("x\n"), 1)).toEqual([[1, "x"]]);
    expect(split(Buffer.from(""), 1)).toEqual([]);
  });

  it("takes a line of the longest length and refuses one byte more, by its number", () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from(`x\n${"y".repeat(LINE_BYTES_MAX)}\n`))).toHaveLength(2);
    splitter.push(Buffer.from("z".repeat(LINE_BYTES_MAX)));
    expect(() => splitter.push(Buffer.from("z"))).toThrowError(
      expect.objectContaining({ code: "FEED_LINE_TOO_LONG", facts: expect.objectContaining({ line: 3 }) }),
    );
  });
});

describe("reading a line", () => {
  const read = (text: string) => readJson(Buffer.from(text));

  it("passes an object and skips blanks", () => {
    expect(read(' {"a":[{"b":"\\u8ba2"}]}\r')).toEqual({ value: { a: [{ b: "\u8ba2" }] } });
    expect(read("")).toBeUndefined();
    expect(read(" \t\r")).toBeUndefined();
  });

  it.each(["{", "nul", "{'a':1}", '{"a":1}{"b":2}', "[]", "1", "null", '"x"', '{"a":"\t"}'])(
    "refuses %j as no JSON object",
    (text) => {
      expect(read(text)).toMatchObject({ refusal: { code: "FEED_RECORD_NOT_JSON", pointer: "" } });
    },
  );

  it.each([[[0x7b, 0xff, 0x7d]], [[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0xe8, 0xae]]])(
    "refuses bytes %j as no UTF-8",
    (bytes) => {
      expect(readJson(Uint8Array.from(bytes))).toMatchObject({ refusal: { code: "FEED_ENCODING_INVALID" } });
    },
  );

  it("refuses a bomb of brackets before any parser sees it, and takes the deepest that is allowed", () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(read(nested(DEPTH_MAX))).toHaveProperty("value");
    expect(read(nested(DEPTH_MAX + 1))).toMatchObject({ refusal: { code: "FEED_RECORD_INVALID" } });
    expect(read(`{"a":${"[".repeat(500_000)}`)).toMatchObject({ refusal: { code: "FEED_RECORD_INVALID" } });
  });

  it("does not count brackets within texts", () => {
    expect(read(JSON.stringify({ a: `\\"${"[{".repeat(100)}` }))).toHaveProperty("value");
  });

  it.each(['{"a":"\\u0000"}', '{"a":["\\ud800"]}', '{"\\udc00":1}'])(
    "refuses %s, which the database could not keep",
    (text) => {
      expect(read(text)).toMatchObject({ refusal: { code: "FEED_RECORD_INVALID" } });
    },
  );

  it("takes a whole surrogate pair", () => {
    expect(read('{"a":"\\ud83d\\ude00"}')).toEqual({ value: { a: "\u{1f600}" } });
  });
});

describe("a buyer's pseudonym", () => {
  const key = Buffer.alloc(32, 7);

  it("is the first 32 digits of the HMAC of platform and buyer", () => {
    const expected = createHmac("sha256", key).update("taoyuan-market\0b-1").digest("hex").slice(0, 32);
    expect(pseudonymOf(key, "taoyuan-market", "b-1")).toBe(expected);
  });

  it("differs by platform, buyer and key, and where the two join", () => {
    const all = [
      pseudonymOf(key, "a", "b"),
      pseudonymOf(key, "a", "c"),
      pseudonymOf(key, "b", "b"),
      pseudonymOf(key, "ab", ""),
      pseudonymOf(key, "", "ab"),
      pseudonymOf(Buffer.alloc(32, 8), "a", "b"),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it("takes the place of the buyer, and the platform is dropped", () => {
    const order = FEED_SCHEMAS.order.examples[1] as OrderRecord;
    const kept = pseudonymize(key, "taoyuan-market", order);
    expect(kept).toEqual({ ...kept, buyerId: pseudonymOf(key, "taoyuan-market", "b-9"), orderId: "o-2" });
    expect(kept).not.toHaveProperty("platform");
    expect(order.buyerId).toBe("b-9");
  });
});

describe("what makes a record itself", () => {
  it("a review is named by review and order together, without two names meeting", () => {
    const key = (reviewId: string, orderId?: string) =>
      recordKey("review", { reviewId, orderId } as ReviewRecord);
    expect(key("r-1", "o-1")).toBe("r-1/o-1");
    expect(key("r-1")).toBe("r-1/");
    expect(key("a/b", "c")).not.toBe(key("a", "b/c"));
    expect(key("a%2Fb", "c")).not.toBe(key("a/b", "c"));
  });

  it("an owner's account is named by its seller, other roles by role and merchant too", () => {
    const key = (role?: string) =>
      recordKey("account", { sellerId: "s", merchantId: "M", role } as AccountRecord);
    expect([key(), key("OWNER"), key("OPERATOR")]).toEqual(["s", "s", "s/OPERATOR/M"]);
  });

  it.each([
    ["account", "openedAt"],
    ["order", "createdAt"],
    ["payment", "paidAt"],
    ["refund", "requestedAt"],
    ["shipment", "shippedAt"],
    ["settlement", "settledAt"],
    ["review", "createdAt"],
  ] as const)("%s belongs to the merchant of %s", (kind, field) => {
    const record = FEED_SCHEMAS[kind].examples[1] as FeedRecord;
    expect(recordInstant(kind, record as never)).toBe((record as unknown as Record<string, string>)[field]);
  });

  it("a social record belongs to the merchant of its day's end", () => {
    expect(recordInstant("social", { date: "2024-02-29" } as SocialRecord)).toBe("2024-02-29T23:59:59Z");
  });
});

describe("the rejections of a batch", () => {
  it("are all counted; the first by line are kept", () => {
    const rejections = new Rejections();
    const add = (line: number) =>
      rejections.add({ line, pointer: "", code: "FEED_RECORD_INVALID", message: "x" });
    for (let line = 5_000; line > 0; line -= 1) add(line);
    rejections.settle();
    add(5_001);
    rejections.settle();
    expect(rejections.count).toBe(5_001);
    expect(rejections.kept.map(({ line }) => line)).toEqual(
      Array.from({ length: REJECTIONS_MAX }, (_, index) => index + 1),
    );
  });
});

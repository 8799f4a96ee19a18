import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, MARKETPLACE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { sendWithToken } from "../support/proofs.js";

let bureau: TestBureau;
beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
});
afterAll(async () => bureau.close());

const order = (over: Record<string, unknown> = {}) => ({
  orderId: "f-1",
  sellerId: "alice-shop",
  currency: "CNY",
  totalMinor: 100,
  createdAt: "2026-05-01T00:00:00Z",
  ...over,
});

async function post(
  token: string | undefined,
  over: { payload?: string | Buffer; headers?: Record<string, string>; kind?: string } = {},
) {
  const path = `/feeds/${over.kind ?? "order"}`;
  const send = (headers: Record<string, string>) =>
    bureau.gateway.app.inject({
      method: "POST",
      url: path,
      headers: {
        "content-type": "application/x-ndjson",
        "idempotency-key": crypto.randomUUID(),
        ...headers,
        ...over.headers,
      },
      payload: over.payload ?? JSON.stringify(order()),
    });
  const reply =
    token === undefined
      ? await send({})
      : await sendWithToken(bureau.gateway, { token, method: "POST", path }, send);
  return { status: reply.statusCode, body: reply.json() };
}

describe("a platform writing as another", () => {
  it("is refused record by record, and the honest record beside it lands", async () => {
    const { body } = await bureau.publish(MARKETPLACE, "order", [
      order({ orderId: "f-2", platform: "other-market" }),
      order({ orderId: "f-3", platform: MARKETPLACE }),
    ]);
    expect(body).toMatchObject({
      accepted: 1,
      rejected: 1,
      rejections: [{ line: 1, pointer: "/platform", code: "FEED_PLATFORM_MISMATCH" }],
    });
  });

  it("cannot write for a seller account that only another platform has linked", async () => {
    const { body } = await bureau.publish("other-market", "order", [order({ orderId: "f-4" })]);
    expect(body).toMatchObject({ accepted: 0, rejected: 1, rejections: [{ code: "FEED_ACCOUNT_UNKNOWN" }] });
  });

  it("cannot correct another platform's record: the same key is its own record", async () => {
    await bureau.publish("other-market", "account", [
      { sellerId: "alice-shop", merchantId: ALICE, legalName: "X", openedAt: "2020-01-01T00:00:00Z" },
    ]);
    const { body } = await bureau.publish("other-market", "order", [
      order({ orderId: "alice-1", totalMinor: 999_999 }),
    ]);
    expect(body).toMatchObject({ accepted: 1, corrected: 0 });
  });

  it("cannot see another platform's report", async () => {
    await bureau.publish(MARKETPLACE, "order", [order({ orderId: "f-5" })], "secret-batch");
    const token = await bureau.token({ party: "platform", id: "other-market" });
    const reply = await bureau.gateway.app.inject({
      method: "GET",
      url: "/feeds/order/batches/secret-batch",
      headers: { authorization: `Bearer ${token}` },
    });
    expect(reply.statusCode).toBe(404);
  });
});

describe("who may publish", () => {
  it("is a platform with the scope; everybody else is told why not", async () => {
    expect((await post(undefined)).status).toBe(401);
    for (const party of ["bank", "merchant", "officer"] as const) {
      expect(await post(await bureau.token({ party, id: party === "merchant" ? ALICE : "x" }))).toMatchObject(
        { status: 403, body: { errors: [{ extensions: { code: "FORBIDDEN" } }] } },
      );
    }
    const unscoped = await post(await bureau.token({ party: "platform", id: MARKETPLACE, scopes: [] }));
    expect(unscoped).toMatchObject({
      status: 403,
      body: { errors: [{ extensions: { code: "INSUFFICIENT_SCOPE" } }] },
    });
  });
});

describe("hostile bodies", () => {
  let token: string;
  beforeAll(async () => {
    token = await bureau.token({ party: "platform", id: MARKETPLACE });
  });

  it("takes gzip, and refuses what only says that it is", async () => {
    const good = await post(token, {
      payload: gzipSync(JSON.stringify(order({ orderId: "g-1" }))),
      headers: { "content-encoding": "gzip" },
    });
    expect(good).toMatchObject({ status: 200, body: { accepted: 1 } });
    const bad = await post(token, { payload: "not gzip", headers: { "content-encoding": "gzip" } });
    expect(bad).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: "FEED_ENCODING_INVALID" } }] },
    });
    const truncated = gzipSync(JSON.stringify(order({ orderId: "g-2" })).repeat(50)).subarray(0, 60);
    expect((await post(token, { payload: truncated, headers: { "content-encoding": "gzip" } })).status).toBe(
      400,
    );
  });

  it.each([
    [
      "another content type",
      { headers: { "content-type": "application/json" } },
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["another encoding", { headers: { "content-encoding": "br" } }, 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["no idempotency key", { headers: { "idempotency-key": "" } }, 400, "BAD_USER_INPUT"],
    ["an unknown kind", { kind: "gossip" }, 404, "FEED_KIND_UNKNOWN"],
    ["a line of 2 MiB", { payload: `{"x":"${"y".repeat(2 * 1024 * 1024)}"}` }, 413, "FEED_LINE_TOO_LONG"],
  ])("refuses %s", async (_what, over, status, code) => {
    expect(await post(token, over)).toMatchObject({ status, body: { errors: [{ extensions: { code } }] } });
  });

  it("reports each bad line with its place, and lands the good ones", async () => {
    const lines = [
      "{",
      "[]",
      JSON.stringify(order({ totalMinor: -1 })),
      '{"__proto__":{"polluted":true}}',
      "[".repeat(5_000),
      JSON.stringify(order({ orderId: "h-1" })),
    ];
    const { body } = await post(token, { payload: lines.join("\n") });
    expect(body).toMatchObject({ accepted: 1, rejected: 5 });
    expect(body.rejections.map((rejection: { line: number }) => rejection.line)).toEqual([1, 2, 3, 4, 5]);
    expect(body.rejections[2]).toMatchObject({ pointer: "/totalMinor", code: "FEED_RECORD_INVALID" });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("publishes the schema of each kind to anyone", async () => {
    const reply = await bureau.gateway.app.inject({ method: "GET", url: "/feeds/order/schema" });
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({ type: "object", required: expect.arrayContaining(["orderId"]) });
  });
});

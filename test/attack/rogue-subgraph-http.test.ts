import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ALICE, bankToken, grant, publishTwoMerchants } from "../support/actors.js";
import { type GraphQLReply, startTestBureau, type TestBureau } from "../support/bureau.js";

type Serve = (response: ServerResponse, request: IncomingMessage) => void;

const HONEST = JSON.stringify({
  data: { _entities: [{ __typename: "Merchant", id: ALICE, reviews: { reviewCount: { value: 3 } } }] },
});
const JSON_TYPE = { "content-type": "application/json" };

let bureau: TestBureau;
let token: string;
let serve: Serve;
let rogue: Server;
let elsewhere: Server;
let visitsElsewhere = 0;

beforeAll(async () => {
  rogue = createServer((request, response) => {
    request.resume();
    serve(response, request);
  });
  elsewhere = createServer((_request, response) => {
    visitsElsewhere += 1;
    response.writeHead(200, JSON_TYPE).end(HONEST);
  });
  const url = new URL(`${await listen(rogue)}/graphql`);
  await listen(elsewhere);
  bureau = await startTestBureau({
    settings: { subgraphUrls: new Map([["signals", url]]), subgraphTimeoutMs: 1_500 },
  });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE, { categories: ["IDENTITY", "REVIEWS"] });
  token = await bankToken(bureau);
});
afterAll(async () => {
  await bureau.close();
  for (const server of [rogue, elsewhere]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return addressOf(server);
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ask(how: Serve): Promise<GraphQLReply> {
  serve = how;
  return bureau.graphql(
    token,
    `{ merchant(id: "${ALICE}", purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") { identity { legalName } reviews { reviewCount { value } } } }`,
  );
}

const ofType = (type: string, body: string | Buffer, more: Record<string, string> = {}): Serve => {
  return (response) => void response.writeHead(200, { "content-type": type, ...more }).end(body);
};

/** One byte every so often, for ever. */
const drip: Serve = (response) => {
  response.writeHead(200, JSON_TYPE).write('{"data":');
  const timer = setInterval(() => response.write(" "), 50);
  response.once("close", () => clearInterval(timer));
};

/** More than the gateway reads of one answer, as fast as it goes. */
const flood: Serve = (response) => {
  response.writeHead(200, JSON_TYPE).write('{"data":"');
  const chunk = Buffer.alloc(1024 * 1024, "x");
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
};

describe("S1: a subgraph over HTTP that answers like nothing one expects", () => {
  it("S1 is believed when it answers as it should", async () => {
    const reply = await ask(ofType("application/json; charset=utf-8", HONEST));
    expect(reply.data.merchant.reviews).toEqual({ reviewCount: { value: 3 } });
    expect(reply.errors).toEqual([]);
  });

  const bomb = `{"data":{"_entities":[${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}]}}`;
  it.each<readonly [string, Serve]>([
    ["a page of HTML", ofType("text/html", "<html><script>alert('secret')</script>")],
    ["an answer of another type", ofType("text/plain", HONEST)],
    ["half an answer", ofType("application/json", HONEST.slice(0, 40))],
    [
      "an answer that is cut off",
      (response) => void response.writeHead(200, { ...JSON_TYPE, "content-length": "9999" }).end(HONEST),
    ],
    ["a connection that is reset", (response) => void response.destroy()],
    ["no content", (response) => void response.writeHead(204).end()],
    ["one byte after another", drip],
    ["more than is read of one answer", flood],
    ["a million levels", ofType("application/json", bomb)],
    [
      "an answer that unpacks to more",
      ofType("application/json", gzipSync(Buffer.alloc(64 * 1024 * 1024, "[")), {
        "content-encoding": "gzip",
      }),
    ],
    [
      "packed bytes that nobody asked for",
      ofType("application/json", gzipSync(HONEST), { "content-encoding": "gzip" }),
    ],
    [
      "a redirect",
      (response) => void response.writeHead(307, { location: `${addressOf(elsewhere)}/graphql` }).end(),
    ],
    [
      "a redirect with an answer in it",
      (response) =>
        void response.writeHead(302, { ...JSON_TYPE, location: addressOf(elsewhere) }).end(HONEST),
    ],
    ["huge headers", ofType("application/json", HONEST, { "x-secret": "s".repeat(200_000) })],
    ["two answers in one", ofType("application/json", HONEST + HONEST)],
  ])("S1 costs its own fields only when it sends %s", async (_what, how) => {
    const reply = await ask(how);
    expect(reply.status).toBe(200);
    expect(reply.data.merchant).toEqual({ identity: { legalName: "Alice Trading" }, reviews: null });
    expect(reply.errors.map(({ path, extensions }) => [path, extensions["code"]])).toEqual([
      [["merchant", "reviews"], "SOURCE_UNAVAILABLE"],
    ]);
    expect(JSON.stringify(reply)).not.toMatch(/secret|127\.0\.0\.1|html/);
  });

  it("S1 is followed nowhere, so that a permit reaches nobody else", () => {
    expect(visitsElsewhere).toBe(0);
  });

  it("S1 is served again once it answers as it should", async () => {
    expect((await ask(ofType("application/json", HONEST))).data.merchant.reviews).not.toBeNull();
  });
});

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { overHttp } from "../../../gateway/fetch/http-transport.js";
import type { SubgraphCall } from "../../../gateway/fetch/transport.js";

type Serve = (response: ServerResponse, request: IncomingMessage) => void;

const ANSWER = JSON.stringify({ data: { a: 1 } });
const answer: Serve = (response) =>
  void response.writeHead(200, { "content-type": "application/json" }).end(ANSWER);
const cut: Serve = (response) => void response.destroy();

let server: Server;
let remote: ReturnType<typeof overHttp>;
let serve: Serve;
let arrived: number;
let nth = 0;

beforeEach(async () => {
  arrived = 0;
  serve = answer;
  server = createServer((request, response) => {
    arrived += 1;
    request.resume();
    serve(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  remote = overHttp(new URL(`http://127.0.0.1:${port}/graphql`), { timeoutMs: 500, answerBytesMax: 10_000 });
});
afterEach(async () => {
  await remote.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function send(over: Partial<SubgraphCall> = {}): ReturnType<typeof remote.send> {
  const request = { permit: "p", body: "{}" };
  const own = String((nth += 1));
  return remote.send({ request, isQuery: true, shareKey: () => own, signal: undefined, ...over });
}

/** Fails the first so many requests, then answers. */
function failing(times: number, how: Serve = cut): Serve {
  let left = times;
  return (response, request) => (left-- > 0 ? how(response, request) : answer(response, request));
}

const UNAVAILABLE = { code: "SOURCE_UNAVAILABLE" };

describe("a request that did not get through", () => {
  it("is sent once more", async () => {
    serve = failing(1);
    expect(await send()).toEqual(JSON.parse(ANSWER));
    expect(arrived).toBe(2);
  });

  it("is not sent a third time", async () => {
    serve = cut;
    await expect(send()).rejects.toMatchObject(UNAVAILABLE);
    expect(arrived).toBe(2);
  });

  it("is sent once more when what stands in front says 503", async () => {
    serve = failing(1, (response) => void response.writeHead(503, { "content-type": "text/html" }).end("no"));
    expect(await send()).toEqual(JSON.parse(ANSWER));
  });

  it("is never repeated where it is a mutation", async () => {
    serve = failing(1);
    await expect(send({ isQuery: false })).rejects.toMatchObject(UNAVAILABLE);
    expect(arrived).toBe(1);
  });

  it("is not repeated when it came back whole, whatever it says", async () => {
    serve = (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    await expect(send()).rejects.toMatchObject(UNAVAILABLE);
    expect(arrived).toBe(1);
  });

  it("is not repeated when all of its time was spent", async () => {
    serve = () => {};
    await expect(send()).rejects.toMatchObject(UNAVAILABLE);
    expect(arrived).toBe(1);
  });

  it("is repeated only as long as few are", async () => {
    serve = cut;
    for (let i = 0; i < 20; i += 1) await expect(send()).rejects.toMatchObject(UNAVAILABLE);
    // Ten repeats were saved up, and each request adds a tenth.
    expect(arrived - 20).toBeGreaterThanOrEqual(10);
    expect(arrived - 20).toBeLessThanOrEqual(12);
  });
});

describe("a subgraph that does not answer", () => {
  it("is left alone for a second, then asked again", async () => {
    serve = cut;
    for (let i = 0; i < 80; i += 1) await send().catch(() => {});
    const before = arrived;
    serve = answer;
    await expect(send()).rejects.toMatchObject(UNAVAILABLE);
    expect(arrived).toBe(before);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await send()).toEqual(JSON.parse(ANSWER));
  });

  it("is not left alone for answers that are none", async () => {
    serve = (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>");
    for (let i = 0; i < 80; i += 1) await send().catch(() => {});
    serve = answer;
    expect(await send()).toEqual(JSON.parse(ANSWER));
  });
});

describe("equal queries at once", () => {
  const slow: Serve = (response, request) => void setTimeout(() => answer(response, request), 60);

  it("share one request, and each gets an answer of its own", async () => {
    serve = slow;
    const [a, b] = await Promise.all([send({ shareKey: () => "k" }), send({ shareKey: () => "k" })]);
    expect(arrived).toBe(1);
    expect(a).toEqual(b);
    expect(a).not.toBe(b);
  });

  it("do not where asker or grants differ, nor one after another, nor mutations", async () => {
    serve = slow;
    await Promise.all([send({ shareKey: () => "k" }), send({ shareKey: () => "l" })]);
    expect(arrived).toBe(2);
    await send({ shareKey: () => "k" });
    expect(arrived).toBe(3);
    const mutation = { isQuery: false, shareKey: () => "m" };
    await Promise.all([send(mutation), send(mutation)]);
    expect(arrived).toBe(5);
  });

  it("go on when one of those who wait leaves, and end when all have", async () => {
    let closed = 0;
    serve = (response, request) => {
      response.on("close", () => (closed += response.writableFinished ? 0 : 1));
      slow(response, request);
    };
    const leaver = new AbortController();
    const left = send({ shareKey: () => "k", signal: leaver.signal });
    const stays = send({ shareKey: () => "k" });
    setTimeout(() => leaver.abort(), 20);
    await expect(left).rejects.toMatchObject(UNAVAILABLE);
    expect(await stays).toEqual(JSON.parse(ANSWER));
    expect(closed).toBe(0);
    const alone = new AbortController();
    const given = send({ shareKey: () => "n", signal: alone.signal });
    setTimeout(() => alone.abort(), 20);
    await expect(given).rejects.toMatchObject(UNAVAILABLE);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(closed).toBe(1);
  });
});

import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ALICE, MARKETPLACE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";

/** The same house twice: with limits that end soon enough for a test, and, as the twin, with the guards wide open. */
let guarded: TestBureau;
let unguarded: TestBureau;
let platformToken: string;
const ports = { guarded: 0, unguarded: 0 };

beforeAll(async () => {
  const soon = { arrivalTimeoutMs: 1_500, requestTimeoutMs: 3_000, connectionsMax: 12 };
  const never = { arrivalTimeoutMs: 600_000, requestTimeoutMs: 600_000, connectionsMax: 10_000 };
  guarded = await startTestBureau({ settings: soon });
  unguarded = await startTestBureau({ settings: never });
  for (const [name, bureau] of [
    ["guarded", guarded],
    ["unguarded", unguarded],
  ] as const)
    ports[name] = Number(new URL(await bureau.gateway.app.listen({ host: "127.0.0.1", port: 0 })).port);
  await publishTwoMerchants(guarded);
  platformToken = await guarded.token({ party: "platform", id: MARKETPLACE });
}, 120_000);
afterAll(async () => Promise.all([guarded.close(), unguarded.close()]), 60_000);

/** One connection, as an attacker holds it. */
interface Held {
  readonly socket: Socket;
  readonly text: () => string;
  readonly isClosed: () => boolean;
  readonly closed: Promise<void>;
}

const held: Held[] = [];
afterEach(() => {
  for (const { socket } of held.splice(0)) socket.destroy();
});

async function hold(port: number, options: { readonly reads?: boolean } = {}): Promise<Held> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  let isClosed = false;
  if (options.reads === false) socket.pause();
  else socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      isClosed = true;
      resolve();
    });
  });
  await new Promise<void>((resolve) => {
    socket.once("connect", resolve);
    socket.once("close", resolve);
  });
  const one = {
    socket,
    text: () => Buffer.concat(chunks).toString("latin1"),
    isClosed: () => isClosed,
    closed,
  };
  held.push(one);
  return one;
}

/** Does the same to both houses until the guarded one has hung up; the other must still be listening. */
async function onBoth(attack: (held: Held) => Promise<void> | void): Promise<{ readonly guarded: Held }> {
  const [one, twin] = [await hold(ports.guarded), await hold(ports.unguarded)];
  for (const each of [one, twin]) void attack(each);
  await one.closed;
  expect(twin.isClosed()).toBe(false);
  return { guarded: one };
}

async function drip(to: Held, text: string): Promise<void> {
  while (!to.isClosed() && to.socket.writable) {
    to.socket.write(text);
    await delay(40);
  }
}

const HEAD = "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n";

describe("a client that is slow on purpose", () => {
  it("Q4: that says nothing is hung up on, and not without the guard", async () => {
    await onBoth(() => {});
  });

  it("Q4: that drips headers is hung up on, and not without the guard", async () => {
    const { guarded: one } = await onBoth(async (each) => {
      each.socket.write("GET /health/live HTTP/1.1\r\nhost: x\r\n");
      await drip(each, "x-more: y\r\n");
    });
    expect(one.text()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("Q4: that drips the body of an operation is hung up on, and not without the guard", async () => {
    const { guarded: one } = await onBoth(async (each) => {
      each.socket.write(`${HEAD}content-length: 100000\r\n\r\n{"query":"`);
      await drip(each, "a");
    });
    expect(one.text()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("Q4: that drips a chunked body is hung up on, and not without the guard", async () => {
    await onBoth(async (each) => {
      each.socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
      await drip(each, "1\r\na\r\n");
    });
  });

  it("Q4: that never reads its answers is hung up on, and not without the guard", async () => {
    const ask = "GET /feeds/order/schema HTTP/1.1\r\nhost: x\r\n\r\n".repeat(5_000);
    const [one, twin] = [
      await hold(ports.guarded, { reads: false }),
      await hold(ports.unguarded, { reads: false }),
    ];
    for (const { socket } of [one, twin]) socket.write(ask);
    // A socket that is not read does not hear that it was closed: what can be seen is that writing fails.
    while (!one.isClosed()) {
      one.socket.write("GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n");
      await delay(50);
    }
    expect(twin.isClosed()).toBe(false);
  });
});

describe("a client that holds many connections", () => {
  it("Q4: gets as many as there are and no more; those that are served go on, and without the guard it gets all", async () => {
    const first = await hold(ports.guarded);
    const many = await Promise.all(Array.from({ length: 30 }, () => hold(ports.guarded)));
    const twins = await Promise.all(Array.from({ length: 30 }, () => hold(ports.unguarded)));
    const open = (): number => [first, ...many].filter(({ isClosed }) => !isClosed()).length;
    while (open() > 12) await delay(10);
    expect(open()).toBeGreaterThan(0);
    first.socket.write("GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    await first.closed;
    expect(first.text()).toMatch(/^HTTP\/1\.1 200 /);
    expect(twins.filter(({ isClosed }) => isClosed())).toEqual([]);
  });

  it("Q4: leaves room again when it is gone", async () => {
    for (const { socket } of held.splice(0)) socket.destroy();
    for (let tries = 0; tries < 100; tries += 1) {
      const one = await hold(ports.guarded);
      one.socket.write("GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
      await one.closed;
      if (one.text().startsWith("HTTP/1.1 200 ")) return;
      await delay(50);
    }
    throw new Error("nobody is served any more");
  });
});

async function exchange(text: string | Buffer): Promise<string> {
  const one = await hold(ports.guarded);
  one.socket.write(text);
  await one.closed;
  return one.text();
}

describe("a request made to hurt", () => {
  it.each([
    ["one header of 20 KiB", `x-bomb: ${"a".repeat(20_000)}\r\n`],
    ["2,000 headers", Array.from({ length: 2_000 }, (_, i) => `x-${i}: yyyy\r\n`).join("")],
    ["a path of 20 KiB", ""],
  ])("Q4: with %s is refused before it is read whole", async (what, headers) => {
    const path = what.includes("path") ? `/${"a".repeat(20_000)}` : "/health/live";
    expect(await exchange(`GET ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("Q4: with gzip around an operation is refused and not unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, " "));
    const reply = await guarded.gateway.app.inject({
      method: "POST",
      url: "/graphql",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      payload: bomb,
    });
    expect(reply.statusCode).toBe(415);
    expect(reply.json().errors[0].extensions.code).toBe("UNSUPPORTED_MEDIA_TYPE");
  });

  it.each([
    ["of blank lines", Buffer.alloc(64 * 1024 * 1024, `${" ".repeat(1_023)}\n`), 413, "PAYLOAD_TOO_LARGE"],
    ["of one endless line", Buffer.alloc(64 * 1024 * 1024, "a"), 413, "FEED_LINE_TOO_LONG"],
  ])("Q4: with a gzip bomb %s as a feed is refused on the way", async (_what, content, status, code) => {
    const reply = await guarded.gateway.app.inject({
      method: "POST",
      url: "/feeds/order",
      headers: {
        authorization: `Bearer ${platformToken}`,
        "content-type": "application/x-ndjson",
        "content-encoding": "gzip",
        "idempotency-key": `bomb-${code}`,
      },
      payload: gzipSync(content),
    });
    expect([reply.statusCode, reply.json().errors[0].extensions.code]).toEqual([status, code]);
  });

  it("Q4: for a web socket or for HTTP/2 is not upgraded, so neither can be abused", async () => {
    const upgrade =
      "connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: x3JJHMbDL1EzLkh9GBhXDw==";
    const socket = await hold(ports.guarded);
    socket.socket.write(`GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n${upgrade}\r\n\r\n`);
    await socket.closed;
    expect(socket.text()).toMatch(/^HTTP\/1\.1 (405|426|400) /);
    expect(await exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).not.toMatch(/^HTTP\/2|101/);
  });

  it("Q4: leaves the house answering", async () => {
    const reply = await guarded.graphql(
      await guarded.token({ party: "merchant", id: ALICE }),
      "{ me { id } }",
    );
    expect(reply.data).toEqual({ me: { id: ALICE } });
  });
});

import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../../foundation/clock.js";
import { FEED_BODY_LIMITS, feedBody, type FeedBodyLimits } from "../../../gateway/receive/feed-body.js";
import { BureauError } from "../../../schema/errors.js";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A door that reads a feed as slowly as it is told to and answers with what became of it. */
async function door(limits: Partial<FeedBodyLimits>, readMs = 0): Promise<number> {
  server = createServer((incoming, outgoing) => {
    void (async () => {
      let bytes = 0;
      try {
        for await (const chunk of feedBody(incoming, systemClock, { ...FEED_BODY_LIMITS, ...limits })) {
          bytes += chunk.length;
          await delay(readMs);
        }
        outgoing.end(`read ${bytes}`);
      } catch (error) {
        outgoing.shouldKeepAlive = false;
        outgoing.end(error instanceof BureauError ? error.code : String(error));
      }
    })();
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

interface Sending {
  readonly headers: Record<string, string>;
  readonly chunks: AsyncIterable<Buffer | string> | Iterable<Buffer | string>;
  /** Leaves the request unfinished after its chunks. */
  readonly stops?: true;
}

async function send(port: number, { headers, chunks, stops }: Sending): Promise<string> {
  const outgoing = request({ port, host: "127.0.0.1", method: "POST", headers });
  const answer = new Promise<string>((resolve, reject) => {
    outgoing.on("response", (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    outgoing.on("error", reject);
  });
  let isAnswered = false;
  const settle = (): void => void (isAnswered = true);
  answer.then(settle, settle);
  for await (const chunk of chunks) {
    if (isAnswered) break;
    outgoing.write(chunk);
  }
  if (!isAnswered && stops === undefined) outgoing.end();
  return answer.finally(() => outgoing.destroy());
}

const NDJSON = { "content-type": "application/x-ndjson" };
const GZIP = { ...NDJSON, "content-encoding": "gzip" };

/** One byte after another. */
async function* drip(bytes: Buffer, everyMs: number): AsyncIterable<Buffer> {
  for (let i = 0; i < bytes.length; i += 1) {
    yield bytes.subarray(i, i + 1);
    await delay(everyMs);
  }
}

const LINES = Buffer.from(Array.from({ length: 2_000 }, (_, i) => `{"n":${i * i}}\n`).join(""));

describe("the body of a feed", () => {
  it("is read whole, plain and gzip", async () => {
    const port = await door({});
    expect(await send(port, { headers: NDJSON, chunks: ["{}\n", "{}\n"] })).toBe("read 6");
    expect(await send(port, { headers: GZIP, chunks: [gzipSync("{}\n{}\n")] })).toBe("read 6");
  });

  it.each([
    [{ "content-type": "application/json" }, "UNSUPPORTED_MEDIA_TYPE"],
    [{ ...NDJSON, "content-encoding": "br" }, "UNSUPPORTED_MEDIA_TYPE"],
    [GZIP, "FEED_ENCODING_INVALID"],
  ])("is refused as %j when it is not what it says", async (headers, code) => {
    const sending = { headers: headers as Record<string, string>, chunks: ["not gzip"] };
    expect(await send(await door({}), sending)).toBe(code);
  });

  it.each([
    ["plain", NDJSON, LINES],
    ["gzip", GZIP, gzipSync(LINES)],
  ])("Q4: is given up when it drips, %s", async (_what, headers, bytes) => {
    const port = await door({ patienceMs: 150, bytesPerSecondMin: 1_000_000 });
    expect(await send(port, { headers, chunks: drip(bytes, 10) })).toBe("DEADLINE_EXCEEDED");
  });

  it("Q4: is given up when it stops", async () => {
    const port = await door({ patienceMs: 150 });
    expect(await send(port, { headers: NDJSON, chunks: ["{}\n"], stops: true })).toBe("DEADLINE_EXCEEDED");
  });

  it("Q4 twin: is read to its end, however slow, where no pace is asked", async () => {
    const port = await door({ patienceMs: 600_000 });
    const chunks = drip(LINES.subarray(0, 20), 15);
    expect(await send(port, { headers: NDJSON, chunks })).toBe("read 20");
  });

  it("is not held against its sender when we are the slow ones", async () => {
    const port = await door({ patienceMs: 300, bytesPerSecondMin: 1_000_000 }, 100);
    const chunks = Array.from({ length: 8 }, () => "x".repeat(40_000));
    expect(await send(port, { headers: NDJSON, chunks })).toBe("read 320000");
  });

  it("Q4: is given up when it is a bomb, and the twin without the limit unpacks it all", async () => {
    const chunks = [gzipSync(Buffer.alloc(8 * 1024 * 1024, "\n"))];
    expect(await send(await door({}), { headers: GZIP, chunks })).toBe("PAYLOAD_TOO_LARGE");
    server?.closeAllConnections();
    const open = await door({ ratioMax: Number.MAX_SAFE_INTEGER });
    expect(await send(open, { headers: GZIP, chunks })).toBe(`read ${8 * 1024 * 1024}`);
  });
});

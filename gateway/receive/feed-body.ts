import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";
import type { Clock } from "../../foundation/clock.js";
import { BureauError } from "../../schema/errors.js";

const CONTENT_TYPES = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl"]);

/** How slow and how dense a feed may be; a batch has no largest size. */
export interface FeedBodyLimits {
  /** Bytes a second, on the average of the time that was spent waiting for the sender. */
  readonly bytesPerSecondMin: number;
  /** Waiting that nobody is asked about. */
  readonly patienceMs: number;
  /** Decoded bytes for one encoded byte, once `denseBytesMin` are decoded. NDJSON comes to 10 to 60, a bomb to 1,000. */
  readonly ratioMax: number;
  readonly denseBytesMin: number;
}

export const FEED_BODY_LIMITS: FeedBodyLimits = {
  bytesPerSecondMin: 1_024,
  patienceMs: 30_000,
  ratioMax: 200,
  denseBytesMin: 2 * 1024 * 1024,
};

/**
 * The decoded bytes of a feed request.
 * @throws UNSUPPORTED_MEDIA_TYPE at once; while it is read FEED_ENCODING_INVALID for broken gzip, PAYLOAD_TOO_LARGE for a
 * bomb, DEADLINE_EXCEEDED for a sender that keeps a place and sends next to nothing
 */
export function feedBody(
  request: IncomingMessage,
  clock: Clock,
  limits: FeedBodyLimits = FEED_BODY_LIMITS,
): AsyncIterable<Uint8Array> {
  const { "content-type": contentType, "content-encoding": contentEncoding } = request.headers;
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type === undefined || !CONTENT_TYPES.has(type))
    throw unsupported("Content-Type must be application/x-ndjson");
  const encoding = contentEncoding?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity") return plain(request, { clock, limits });
  if (encoding !== "gzip") throw unsupported("Content-Encoding must be gzip or identity");
  return gunzip(request, { clock, limits });
}

interface Pace {
  readonly clock: Clock;
  readonly limits: FeedBodyLimits;
}

async function* plain(request: IncomingMessage, pace: Pace): AsyncIterable<Uint8Array> {
  let received = 0;
  for await (const chunk of paced(request, () => received, pace)) {
    received += chunk.length;
    yield chunk;
  }
}

async function* gunzip(request: IncomingMessage, pace: Pace): AsyncIterable<Uint8Array> {
  const decoder = createGunzip();
  request.on("error", (error: Error) => decoder.destroy(error));
  request.on("aborted", () => decoder.destroy(new Error("the client went away")));
  const source = paced(request.pipe(decoder), () => decoder.bytesWritten, pace);
  try {
    yield* notDense(decoder, source, pace.limits);
  } catch (error) {
    if (error instanceof BureauError) throw error;
    throw new BureauError("FEED_ENCODING_INVALID", "gzip", { cause: error });
  } finally {
    decoder.destroy();
  }
}

/** A few bytes that become gigabytes cost us and not their sender. */
async function* notDense(
  decoder: Gunzip,
  source: AsyncIterable<Uint8Array>,
  { ratioMax, denseBytesMin }: FeedBodyLimits,
): AsyncIterable<Uint8Array> {
  let decoded = 0;
  for await (const chunk of source) {
    decoded += chunk.length;
    if (decoded > denseBytesMin && decoded > ratioMax * Math.max(1, decoder.bytesWritten))
      throw new BureauError("PAYLOAD_TOO_LARGE", `gzip ratio above ${ratioMax}`);
    yield chunk;
  }
}

/**
 * Passes chunks on and counts only the time that was spent waiting for them: when our own store is slow, the sender is not
 * blamed. A batch holds a place among few while it is read. The source is left as it is at the end: whoever made it closes
 * it, and a request whose refusal is still to be sent stays open.
 */
async function* paced(
  source: Readable,
  bytesRead: () => number,
  { clock, limits }: Pace,
): AsyncIterable<Uint8Array> {
  const iterator = source.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  let waitedMs = 0;
  for (;;) {
    const since = clock.monotonicMs();
    const earnedMs = (bytesRead() * 1_000) / limits.bytesPerSecondMin;
    const next = await within(iterator.next(), limits.patienceMs + earnedMs - waitedMs);
    waitedMs += clock.monotonicMs() - since;
    if (next.done === true) return;
    yield next.value;
  }
}

async function within<T>(promise: Promise<T>, leftMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const refuse = (): void => reject(new BureauError("DEADLINE_EXCEEDED", "the feed arrives too slowly"));
    timer = setTimeout(refuse, Math.max(0, leftMs));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unsupported(problem: string): BureauError {
  return new BureauError("UNSUPPORTED_MEDIA_TYPE", problem, { facts: { problem } });
}

import { type Dispatcher, Pool } from "undici";
import { BureauError } from "../../schema/errors.js";
import type { SubgraphAnswer } from "../../schema/subgraph.js";
import { createInFlight } from "./in-flight.js";
import { createResilience, TransportFault } from "./resilience.js";
import { parseShallow } from "./shallow-json.js";
import type { SubgraphCall, Transport, TransportLimits } from "./transport.js";

/** Levels of an answer's JSON: an operation has at most 16, each of which can be a list of lists. */
const LEVELS_MAX = 64;
const CONNECTIONS_MAX = 64;
const JSON_TYPE = /^application\/(graphql-response\+)?json\b/i;
/** What stands in front of a subgraph says that the subgraph did not answer (RFC 9110 section 15.6). */
const GATEWAY_FAULTS: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * A subgraph behind an address: keep-alive connections, no redirects, no compression (a few bytes of it can stand for any
 * number), bounded time and size. A query that did not get through is sent once more as long as few are, all are held off
 * from a subgraph that does not answer, and equal queries of one asker under the same grants share one request.
 */
export function overHttp(
  url: URL,
  limits: TransportLimits,
): { readonly send: Transport; readonly close: () => Promise<void> } {
  const pool = new Pool(url.origin, { connections: CONNECTIONS_MAX, keepAliveTimeout: 30_000 });
  const path = `${url.pathname}${url.search}`;
  const resilience = createResilience();
  const inFlight = createInFlight();
  const attempt = (call: SubgraphCall): Promise<string> => requestOnce({ pool, path, limits }, call);
  const send: Transport = async (call) => {
    try {
      const text = await inFlight.share(call, (shared) =>
        resilience.run(() => attempt(shared), { isRepeatable: call.isQuery, signal: shared.signal }),
      );
      return parseShallow(text, LEVELS_MAX) as SubgraphAnswer;
    } catch (error) {
      throw new BureauError("SOURCE_UNAVAILABLE", "transport", { cause: error });
    }
  };
  // Those in flight have been waited for; what a subgraph still holds open is nobody's.
  return { send, close: () => pool.destroy() };
}

interface Place {
  readonly pool: Pool;
  readonly path: string;
  readonly limits: TransportLimits;
}

/** @throws TransportFault where the subgraph may never have seen the request, or did not answer in time */
async function requestOnce(place: Place, { request, signal }: SubgraphCall): Promise<string> {
  const { pool, path, limits } = place;
  const deadline = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new TransportFault(`no answer within ${limits.timeoutMs} ms`, { isLate: true })),
    limits.timeoutMs,
  );
  const leave = (): void => deadline.abort(signal?.reason);
  signal?.addEventListener("abort", leave, { once: true });
  try {
    signal?.throwIfAborted();
    const response = await pool.request({
      path,
      method: "POST",
      signal: deadline.signal,
      headers: {
        "content-type": "application/json",
        "accept-encoding": "identity",
        ...(request.permit === undefined ? {} : { authorization: `Bearer ${request.permit}` }),
      },
      body: request.body,
    });
    return await readBody(response, limits.answerBytesMax);
  } catch (error) {
    throw isSocketFault(error) ? new TransportFault("the connection failed", { cause: error }) : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", leave);
  }
}

function isSocketFault(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return (
    typeof code === "string" && /^(ECONN|EPIPE|ENOTFOUND|EAI_|EHOST|ENET|UND_ERR_(SOCKET|CONNECT))/.test(code)
  );
}

async function readBody(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  bytesMax: number,
): Promise<string> {
  const encoding = headers["content-encoding"] ?? "identity";
  const isJson = JSON_TYPE.test(String(headers["content-type"]));
  if ((statusCode >= 300 && statusCode < 400) || encoding !== "identity" || !isJson) {
    // Its end is an error too, which nobody waits for.
    body.on("error", () => {}).destroy();
    const what = `status ${statusCode}, ${String(headers["content-type"])}, ${String(encoding)}`;
    throw GATEWAY_FAULTS.has(statusCode) ? new TransportFault(what) : new TypeError(what);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > bytesMax) throw new RangeError(`more than ${bytesMax} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, bytes).toString("utf8");
}

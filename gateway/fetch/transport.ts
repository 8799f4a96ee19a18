import { Agent, type Dispatcher, request } from "undici";
import type { SubgraphAnswer, SubgraphRequest, WireError } from "../../schema/subgraph.js";
import { BureauError } from "../../schema/errors.js";
import { parseShallow } from "./shallow-json.js";

/** How a request reaches a subgraph; the same answer either way. */
export type Transport = (request: SubgraphRequest, signal?: AbortSignal) => Promise<SubgraphAnswer>;

/** Bounds of one request to a subgraph. */
export interface TransportLimits {
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

/** Levels of an answer's JSON: an operation has at most 16, each of which can be a list of lists. */
const LEVELS_MAX = 64;

/** Errors of one answer that are looked at; a portfolio of 100 has at most a few for each merchant. */
const ERRORS_MAX = 1_000;

/**
 * What of an answer is believed to be one: plain data, and errors by path and code. Everything else, extensions first, is
 * dropped here.
 * @throws SOURCE_UNAVAILABLE when it is no answer at all
 */
export function readAnswer(given: unknown): SubgraphAnswer {
  if (!isObject(given)) throw new BureauError("SOURCE_UNAVAILABLE", "the answer is no object");
  const { data, errors } = given;
  if (data != null && !isObject(data)) throw new BureauError("SOURCE_UNAVAILABLE", "data is no object");
  if (data == null && !Array.isArray(errors))
    throw new BureauError("SOURCE_UNAVAILABLE", "neither data nor errors");
  return {
    ...(data === undefined ? {} : { data }),
    ...(Array.isArray(errors) ? { errors: errors.slice(0, ERRORS_MAX).map(readError) } : {}),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readError(given: unknown): WireError {
  const { message, path, extensions } = isObject(given) ? given : {};
  const code = isObject(extensions) ? extensions["code"] : undefined;
  return {
    message: typeof message === "string" ? message : "",
    ...(isPath(path) ? { path } : {}),
    extensions: { ...(isObject(extensions) ? extensions : {}), code: typeof code === "string" ? code : "" },
  };
}

function isPath(path: unknown): path is readonly (string | number)[] {
  return (
    Array.isArray(path) &&
    path.every((step) => typeof step === "string" || (Number.isSafeInteger(step) && Number(step) >= 0))
  );
}

/** A subgraph in this process, with the same time limit as a distant one. */
export function inProcess(execute: Transport, limits: TransportLimits): Transport {
  return async (request) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new BureauError("SOURCE_UNAVAILABLE", "time limit")), limits.timeoutMs);
    });
    try {
      return await Promise.race([execute(request), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * A subgraph behind an address; keep-alive connections, no redirects, no compression (a few bytes of it can stand for any
 * number), bounded time and size.
 */
export function overHttp(
  url: URL,
  limits: TransportLimits,
): { readonly send: Transport; readonly close: () => Promise<void> } {
  const agent = new Agent({ connections: 64, keepAliveTimeout: 30_000 });
  const send: Transport = async ({ permit, body }, aborted) => {
    try {
      const response = await request(url, {
        method: "POST",
        dispatcher: agent,
        signal: within(limits.timeoutMs, aborted),
        headers: {
          "content-type": "application/json",
          "accept-encoding": "identity",
          ...(permit === undefined ? {} : { authorization: `Bearer ${permit}` }),
        },
        body,
      });
      return parseShallow(await readBody(response, limits.answerBytesMax), LEVELS_MAX) as SubgraphAnswer;
    } catch (error) {
      throw new BureauError("SOURCE_UNAVAILABLE", "transport", { cause: error });
    }
  };
  return { send, close: () => agent.close() };
}

function within(timeoutMs: number, aborted: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return aborted === undefined ? timeout : AbortSignal.any([timeout, aborted]);
}

const JSON_TYPE = /^application\/(graphql-response\+)?json\b/i;

async function readBody(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  bytesMax: number,
): Promise<string> {
  const encoding = headers["content-encoding"] ?? "identity";
  const isJson = JSON_TYPE.test(String(headers["content-type"]));
  if ((statusCode >= 300 && statusCode < 400) || encoding !== "identity" || !isJson) {
    // Its end is an error too, which nobody waits for.
    body.on("error", () => {}).destroy();
    throw new TypeError(`status ${statusCode}, ${String(headers["content-type"])}, ${String(encoding)}`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > bytesMax) throw new RangeError(`more than ${bytesMax} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

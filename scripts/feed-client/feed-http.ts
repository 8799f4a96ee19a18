import { type Dispatcher, request } from "undici";
import type { FeedKind } from "../../schema/feeds/kinds.js";
import type { BatchReport } from "../../schema/ports.js";
import { clientError, FeedClientError } from "./feed-client-error.js";

/** Longest wait for a batch's report: one batch is one transaction, and a big one takes its time. */
const REPORT_TIMEOUT_MS = 600_000;
const PROBE_TIMEOUT_MS = 30_000;
const ERROR_CHARS_MAX = 500;

export interface FeedHttpOptions {
  /** Where the gateway listens, for example `http://127.0.0.1:4000`; a path is kept. */
  readonly baseUrl: string;
  readonly kind: FeedKind;
  readonly token: string;
  readonly dispatcher?: Dispatcher;
}

/** The feed door of a gateway, one attempt a call. */
export interface FeedHttp {
  /** @throws FeedClientError */
  publish(idempotencyKey: string, gzipped: Buffer): Promise<BatchReport>;
  /** The report of an earlier batch, or `undefined`. @throws FeedClientError */
  report(idempotencyKey: string): Promise<BatchReport | undefined>;
}

export function createFeedHttp(options: FeedHttpOptions): FeedHttp {
  const base = `${options.baseUrl.replace(/\/+$/, "")}/feeds/${options.kind}`;
  const authorization = `Bearer ${options.token}`;
  const send = async (url: string, init: Init): Promise<Answer> => {
    try {
      const response = await request(url, {
        method: init.method,
        headers: { accept: "application/json", ...init.headers, authorization },
        headersTimeout: init.timeoutMs,
        bodyTimeout: init.timeoutMs,
        ...(init.body === undefined ? {} : { body: init.body }),
        ...(options.dispatcher === undefined ? {} : { dispatcher: options.dispatcher }),
      });
      const retryAfter = Number(response.headers["retry-after"]);
      return { status: response.statusCode, retryAfter, text: await response.body.text() };
    } catch (error) {
      throw clientError("CONNECTION_FAILED", `no answer from ${options.baseUrl}: ${reasonOf(error)}`, error);
    }
  };
  return {
    async publish(idempotencyKey, gzipped) {
      const headers = {
        "content-type": "application/x-ndjson",
        "content-encoding": "gzip",
        "idempotency-key": idempotencyKey,
      };
      const answer = await send(base, {
        method: "POST",
        headers,
        body: gzipped,
        timeoutMs: REPORT_TIMEOUT_MS,
      });
      return readReport(answer);
    },
    async report(idempotencyKey) {
      const url = `${base}/batches/${encodeURIComponent(idempotencyKey)}`;
      const answer = await send(url, { method: "GET", headers: {}, timeoutMs: PROBE_TIMEOUT_MS });
      if (answer.status === 404 && readError(answer).code === "NOT_FOUND") return undefined;
      return readReport(answer);
    },
  };
}

interface Init {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly timeoutMs: number;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: number;
  readonly text: string;
}

/** An answer other than a report; `retryAfterMs` where the gateway named a time. */
export class FeedAnswerError extends FeedClientError {
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    facts: { readonly status: number; readonly retryAfter: number },
  ) {
    super(code, message, { status: facts.status });
    this.retryAfterMs = facts.retryAfter >= 0 ? facts.retryAfter * 1000 : undefined;
  }
}

function readReport(answer: Answer): BatchReport {
  const { status, retryAfter, text } = answer;
  if (status !== 200) {
    const { code, message } = readError(answer);
    throw new FeedAnswerError(code, `${status} ${code}: ${message}`, { status, retryAfter });
  }
  const value = parse(text);
  if (!isReport(value)) {
    const start = text.slice(0, ERROR_CHARS_MAX);
    throw new FeedAnswerError("RESPONSE_INVALID", `the answer is no batch report: ${start}`, {
      status,
      retryAfter,
    });
  }
  return value;
}

function isReport(value: unknown): value is BatchReport {
  if (typeof value !== "object" || value === null) return false;
  const report = value as Readonly<Record<string, unknown>>;
  const counts = [report["accepted"], report["duplicate"], report["corrected"], report["rejected"]];
  const isCounted = counts.every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return isCounted && Array.isArray(report["rejections"]);
}

/** The gateway's `{errors: [{message, extensions: {code}}]}`; anything else comes from something in between. */
function readError(answer: Answer): { readonly code: string; readonly message: string } {
  const value = parse(answer.text) as
    | { errors?: { message?: unknown; extensions?: ErrorExtensions }[] }
    | undefined;
  const first = Array.isArray(value?.errors) ? value.errors[0] : undefined;
  const code = first?.extensions?.code;
  if (typeof code !== "string") {
    return { code: `HTTP_${answer.status}`, message: answer.text.slice(0, ERROR_CHARS_MAX) };
  }
  const problem = first?.extensions?.problem;
  const line = first?.extensions?.line;
  const more = [problem, typeof line === "number" ? `line ${line} of the batch` : undefined];
  return { code, message: [first?.message, ...more].filter((part) => typeof part === "string").join(" - ") };
}

interface ErrorExtensions {
  readonly code?: unknown;
  readonly problem?: unknown;
  readonly line?: unknown;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return [code, message].filter((part) => typeof part === "string" && part !== "").join(" ");
}

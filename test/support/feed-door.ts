import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { isFeedKind } from "../../schema/feeds/kinds.js";
import type { FeedRecord } from "../../schema/feeds/records.js";
import type { BatchReport, FeedRejection } from "../../schema/ports.js";
import { recordKey } from "../../subgraphs/host/feeds/record-identity.js";
import { validateRecord } from "../../subgraphs/host/feeds/validate-record.js";

/** What happens to one POST instead of an answer. `lose` commits the batch and then drops the connection. */
export type Fault = "refuse" | "lose" | "drop" | "throttle" | "garbage" | "miscount";

export interface FeedDoor {
  readonly url: string;
  /** The latest content of each record by `kind/key`. */
  readonly records: ReadonlyMap<string, string>;
  /** Every POST that came, by idempotency key; repeats too. */
  readonly posts: readonly string[];
  readonly probes: readonly string[];
  /** Faults of the next POSTs, first one first; `undefined` lets one through. */
  readonly faults: (Fault | undefined)[];
  close(): Promise<void>;
}

/** A feed door in memory that keeps the contract of the real one, over real HTTP, and fails on demand. */
export async function openFeedDoor(token: string): Promise<FeedDoor> {
  const reports = new Map<string, BatchReport>();
  const bodies = new Map<string, string>();
  const records = new Map<string, string>();
  const [posts, probes, faults]: [string[], string[], (Fault | undefined)[]] = [[], [], []];

  const publish = async (request: IncomingMessage, kind: string): Promise<Answer> => {
    const key = String(request.headers["idempotency-key"]);
    posts.push(key);
    const fault = faults.shift();
    const raw = await buffer(request);
    if (fault === "drop") return "drop";
    if (fault === "refuse") return refuse(503, "SERVICE_UNAVAILABLE", { "retry-after": "0" });
    if (fault === "throttle") return refuse(429, "RATE_LIMITED", { "retry-after": "0" });
    if (fault === "garbage") return { status: 200, body: { hello: "world" } };
    const body = gunzipSync(raw);
    const sha256 = createHash("sha256").update(body).digest("hex");
    const known = reports.get(`${kind}/${key}`);
    if (known !== undefined && bodies.get(`${kind}/${key}`) !== sha256) return refuse(409, "FEED_KEY_REUSED");
    const report =
      known === undefined
        ? land(kind, key, { body: body.toString("utf8"), records })
        : { ...known, repeated: true };
    reports.set(`${kind}/${key}`, { ...report, repeated: false });
    bodies.set(`${kind}/${key}`, sha256);
    if (fault === "lose") return "drop";
    return {
      status: 200,
      body: fault === "miscount" ? { ...report, accepted: report.accepted - 1 } : report,
    };
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const [, , kind = "", , key] = (request.url ?? "").split("/");
    if (!isFeedKind(kind)) return refuse(404, "FEED_KIND_UNKNOWN");
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(401, "TOKEN_INVALID");
    if (request.method === "POST") return publish(request, kind);
    probes.push(decodeURIComponent(key ?? ""));
    const report = reports.get(`${kind}/${decodeURIComponent(key ?? "")}`);
    return report === undefined ? refuse(404, "NOT_FOUND") : { status: 200, body: report };
  };

  const server = createServer((request, response) => {
    void answer(request).then((result) => send(response, result));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    records,
    posts,
    probes,
    faults,
    close,
  };
}

type Answer =
  | "drop"
  | { readonly status: number; readonly body: object; readonly headers?: Record<string, string> };

function send(response: ServerResponse, answer: Answer): void {
  if (answer === "drop") {
    response.socket?.destroy();
    return;
  }
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
  response.end(JSON.stringify(answer.body));
}

function refuse(status: number, code: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: { errors: [{ message: `${code} said in words`, extensions: { code } }] } };
}

function land(
  kind: string,
  key: string,
  batch: { readonly body: string; readonly records: Map<string, string> },
): BatchReport {
  if (!isFeedKind(kind)) throw new Error(kind);
  const counts = { accepted: 0, duplicate: 0, corrected: 0 };
  const rejections: FeedRejection[] = [];
  batch.body.split("\n").forEach((text, index) => {
    if (text.trim() === "") return;
    const judged = judge(kind, text);
    if ("refusal" in judged) {
      rejections.push({ line: index + 1, ...judged.refusal });
      return;
    }
    const name = `${kind}/${recordKey(kind, judged.record)}`;
    const before = batch.records.get(name);
    counts[before === undefined ? "accepted" : before === text ? "duplicate" : "corrected"] += 1;
    batch.records.set(name, text);
  });
  return {
    batchId: key,
    kind,
    platform: "test",
    idempotencyKey: key,
    repeated: false,
    receivedAt: "2024-01-01T00:00:00.000Z",
    ...counts,
    rejected: rejections.length,
    rejections: rejections.slice(0, 1_000),
  };
}

function judge(
  kind: Parameters<typeof validateRecord>[0],
  text: string,
): { record: FeedRecord } | { refusal: Omit<FeedRejection, "line"> } {
  try {
    return validateRecord(kind, JSON.parse(text) as object);
  } catch {
    return { refusal: { pointer: "", code: "FEED_RECORD_NOT_JSON", message: "The line is not valid JSON." } };
  }
}

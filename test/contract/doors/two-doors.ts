import { buildSchema } from "graphql";
import type { Generation, Generations } from "../../../gateway/process/engine/generations.js";
import { createApollo } from "../../../gateway/apollo.js";
import { GENERAL_PATH } from "../../../gateway/process/doors/general-door.js";
import { DOCUMENTS_PATH } from "../../../gateway/receive/documents/documents-route.js";
import { BureauError } from "../../../schema/errors.js";
import type { ConsentLedger, InquiryEntry, InquiryLog } from "../../../schema/ports.js";
import type { Subgraph } from "../../../schema/subgraph.js";
import { startTestBureau, type TestBureau, type TestBureauOptions } from "../../support/bureau.js";
import { type Door, wayIn } from "../../support/doors.js";
import { PUBLIC_URL, sendWithToken } from "../../support/proofs.js";

/** What goes wrong behind the doors, while it is set. */
export interface Faults {
  ledger?: Error | undefined;
  log?: Error | undefined;
  /** Everything that a token rests on was ended. */
  ended?: boolean | undefined;
  /** Name of the subgraph that does not answer. */
  subgraph?: string | undefined;
}

/** A bureau seen from outside, with what it wrote down and told its operator. */
export interface House {
  readonly bureau: TestBureau;
  readonly faults: Faults;
  readonly entries: InquiryEntry[];
}

export async function startHouse(options: TestBureauOptions = {}): Promise<House> {
  const faults: Faults = {};
  const entries: InquiryEntry[] = [];
  const ledger = (real: ConsentLedger): ConsentLedger => ({
    ...real,
    check: async (...asked) => {
      if (faults.ledger !== undefined) throw faults.ledger;
      const snapshot = await real.check(...asked);
      return faults.ended === true ? { ...snapshot, ended: asked[1] } : snapshot;
    },
  });
  const log = (real: InquiryLog): InquiryLog => ({
    append: async (written) => {
      if (faults.log !== undefined) throw faults.log;
      entries.push(...written);
      return real.append(written);
    },
  });
  const subgraph = (real: Subgraph): Subgraph => ({
    ...real,
    execute: async (request) => {
      if (faults.subgraph === real.name) throw new BureauError("SOURCE_UNAVAILABLE");
      return real.execute(request);
    },
  });
  const bureau = await startTestBureau({ ...options, seams: { ledger, log, subgraph, ...options.seams } });
  return { bureau, faults, entries };
}

/** Ways in: an operation written out, and a trusted document by its id at either door. */
export const WAYS = ["text", "general", "lean"] as const;
export type Way = (typeof WAYS)[number];

export interface Asking {
  readonly token?: string | undefined;
  /** The body; its `query` becomes a `documentId` where the way wants one. */
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: "GET" | "POST" | "PUT";
  /** Sent as it is, instead of `body`. */
  readonly payload?: string | Buffer;
}

/** All that a client and an auditor see of one request, with what is new each time made equal. */
export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: any;
  readonly entries: readonly object[];
  /** Codes or classes that the operator was told of. */
  readonly told: readonly string[];
}

const PATHS: Readonly<Record<Way, string>> = {
  text: GENERAL_PATH,
  general: GENERAL_PATH,
  lean: DOCUMENTS_PATH,
};

/** Sends a request by one way in. A text that no gateway would trust is a mistake of the test where an id is to be sent. */
export async function askBy(way: Way, house: House, asking: Asking): Promise<Seen> {
  const { bureau } = house;
  const body = way === "text" ? asking.body : byId(bureau, asking.body);
  const path = PATHS[way];
  const method = asking.method ?? "POST";
  house.entries.length = 0;
  bureau.errors.length = 0;
  const send = (own: Readonly<Record<string, string>>) =>
    bureau.gateway.app.inject({
      method,
      url: path,
      headers: { "content-type": "application/json", ...own, ...asking.headers },
      ...(method === "GET" ? {} : { payload: asking.payload ?? JSON.stringify(body) }),
    });
  const reply = await (asking.token === undefined
    ? send({})
    : sendWithToken(bureau.gateway, { token: asking.token, method, path }, send));
  return {
    status: reply.statusCode,
    headers: stillHeaders(reply.headers),
    body: still(JSON.parse(reply.payload)),
    entries: house.entries.map((entry) => still({ ...entry, inquiryId: "", operationSha256: "" }) as object),
    told: bureau.errors.map((error) => String((error as { code?: unknown }).code ?? (error as Error).name)),
  };
}

/** The same body with the id of its text; a body without a text goes as it is. */
function byId(bureau: TestBureau, body: object): object {
  if (!("query" in body)) return body;
  const door: Door = "lean";
  const way = wayIn(bureau.gateway, body, door);
  if (way.path !== PATHS.lean) throw new Error("no gateway trusts this document");
  return way.body;
}

/** What differs from request to request whatever the door: ids, instants, hashes, and what is left of something. */
function still(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "an id")
    .replaceAll(/[0-9a-f]{64}/g, "a hash")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "an instant")
    // An address that a proof should have named is the door's own.
    .replaceAll(PUBLIC_URL + DOCUMENTS_PATH, PUBLIC_URL + GENERAL_PATH)
    .replaceAll(/"errorId":"[^"]+"/g, '"errorId":"an id"')
    .replaceAll(/"(remaining|remainingUses|resetsInSeconds|retryAfterSeconds)":\d+/g, '"$1":0');
  return JSON.parse(text) as unknown;
}

function stillHeaders(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = { ...headers };
  // A line's end more or less is no difference to a reader of JSON.
  for (const name of ["date", "x-request-id", "content-length", "dpop-nonce"])
    if (name in kept) kept[name] = "present";
  if (typeof kept["ratelimit"] === "string") kept["ratelimit"] = kept["ratelimit"].replaceAll(/=\d+/g, "=n");
  if (kept["retry-after"] !== undefined && kept["retry-after"] !== "1") kept["retry-after"] = "seconds";
  return kept;
}

/** A body that Apollo alone is asked with, past every station before it. */
export async function askApolloAlone(body: object): Promise<unknown> {
  const apiSchema = buildSchema("type Query { me: Int }");
  const federation = {
    apiSchema,
    prepare: () => Promise.reject(new Error("nobody asks this")),
    fetch: () => Promise.reject(new Error("nobody asks this")),
    cached: { plans: 0, bytes: 0 },
  };
  const inquire = async () => ({ data: { me: 1 } });
  const generation = { federation } as unknown as Generation;
  const generations: Pick<Generations, "inquireOf" | "onChange"> = {
    inquireOf: () => inquire,
    onChange: (listener) => {
      listener(generation);
      return () => {};
    },
  };
  const apollo = createApollo({ generations, introspection: false });
  await apollo.start();
  const context = { authenticated: {} as never, onQuota: () => {} };
  const { body: answer } = await apollo.executeOperation(body, { contextValue: context });
  await apollo.stop();
  return answer.kind === "single" ? answer.singleResult : undefined;
}

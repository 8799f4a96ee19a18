import { Client } from "undici";
import { createProofSigner, type Key } from "../../../../foundation/tokens.js";
import { quantileOf } from "../../statistics.js";

/** What is sent to a server, by how many, for how long. */
export interface LoadOrder {
  readonly origin: string;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** No more than so many; the rotation starts at `from`. */
  readonly requestsMax: number;
  readonly from: number;
  readonly bodies: readonly string[];
  /** Empty where nobody is asked who they are. */
  readonly tokens: readonly string[];
  /** Pairs of token and body, in the order in which they are sent. */
  readonly rotation: readonly (readonly [token: number, body: number])[];
  /** Tokens are bound to this key: each request brings a proof, made before the clock starts. */
  readonly proofKey?: Key | undefined;
}

/** What came back. */
export interface LoadResult {
  readonly answers: number;
  /** Answers of another status than 200, or with `errors` in them. */
  readonly failures: number;
  readonly firstFailure: string | undefined;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bytes: number;
  /** CPU time of the generator by the time that passed: below 0.9 it did not hold anybody up. */
  readonly generatorCpuShare: number;
}

type Sign = (token: string) => Promise<string>;

const ERRORS = Buffer.from('"errors"');
const PROOFS_MAX = 20_000;

process.once("disconnect", () => process.exit(0));
process.on("message", (order) => {
  run(order as LoadOrder).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ failed: String((error as Error).stack) }),
  );
});
process.send?.({});

async function run(order: LoadOrder): Promise<LoadResult> {
  const sign = order.proofKey === undefined ? undefined : await proofSigner(order, order.proofKey);
  const proofs = sign === undefined ? [] : await makeProofs(order, sign);
  const tally = new Tally();
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  let sent = 0;
  const next = async (): Promise<Prepared | undefined> => {
    if (sent >= order.requestsMax || performance.now() - startMs >= order.seconds * 1_000) return undefined;
    const nth = sent;
    sent += 1;
    const { token, body } = pick(order, nth);
    if (token === undefined) return { body, headers: PLAIN };
    if (sign === undefined) return { body, headers: [...PLAIN, "authorization", `Bearer ${token}`] };
    const proof = proofs[nth] ?? (await sign(token));
    return { body, headers: [...PLAIN, "authorization", `DPoP ${token}`, "dpop", proof] };
  };
  await Promise.all(Array.from({ length: order.connections }, () => drive(order, next, tally)));
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return tally.result(seconds, (user + system) / 1e6 / seconds);
}

interface Prepared {
  readonly body: string;
  readonly headers: string[];
}

const PLAIN = ["content-type", "application/json", "accept", "application/json"];

function pick(order: LoadOrder, nth: number): { readonly token: string | undefined; readonly body: string } {
  const [token, body] = order.rotation[(order.from + nth) % order.rotation.length] ?? [0, 0];
  return { token: order.tokens[token], body: order.bodies[body] ?? "" };
}

/** One connection that asks again as soon as it was answered. */
async function drive(
  { origin, path }: LoadOrder,
  next: () => Promise<Prepared | undefined>,
  tally: Tally,
): Promise<void> {
  const client = new Client(origin, { pipelining: 1, keepAliveTimeout: 60_000 });
  for (let request = await next(); request !== undefined; request = await next())
    await ask(client, { path, ...request }, tally);
  await client.close();
}

/** By the dispatcher's own events: a response object for each answer would cost the generator half of its time. */
function ask(client: Client, request: Prepared & { readonly path: string }, tally: Tally): Promise<void> {
  const startMs = performance.now();
  const chunks: Buffer[] = [];
  let status = 0;
  return new Promise((resolve) => {
    client.dispatch(
      { method: "POST", ...request },
      {
        onRequestStart: () => {},
        onResponseStart: (_controller, statusCode) => {
          status = statusCode;
        },
        onResponseData: (_controller, chunk) => {
          chunks.push(chunk);
        },
        onResponseEnd: () => {
          tally.add(performance.now() - startMs, status, chunks);
          resolve();
        },
        onResponseError: (_controller, error) => {
          tally.fail(error.message);
          resolve();
        },
      },
    );
  });
}

class Tally {
  readonly #latenciesMs: number[] = [];
  #failures = 0;
  #firstFailure: string | undefined;
  #bytes = 0;

  add(latencyMs: number, status: number, chunks: readonly Buffer[]): void {
    this.#latenciesMs.push(latencyMs);
    for (const chunk of chunks) this.#bytes += chunk.length;
    if (status !== 200 || chunks.some((chunk) => chunk.includes(ERRORS)))
      this.fail(`${status} ${Buffer.concat(chunks).toString().slice(0, 300)}`);
  }

  fail(what: string): void {
    this.#failures += 1;
    this.#firstFailure ??= what;
  }

  result(seconds: number, generatorCpuShare: number): LoadResult {
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    return {
      answers: sorted.length,
      failures: this.#failures,
      firstFailure: this.#firstFailure,
      seconds,
      p50Ms: quantileOf(sorted, 0.5),
      p99Ms: quantileOf(sorted, 0.99),
      bytes: sorted.length === 0 ? 0 : Math.round(this.#bytes / sorted.length),
      generatorCpuShare,
    };
  }
}

/** As a bank's client does it: a nonce is asked for once and used while it holds (RFC 9449 section 9). */
async function proofSigner(
  { origin, path }: LoadOrder,
  key: Key,
): Promise<(token: string) => Promise<string>> {
  const signProof = await createProofSigner(key);
  let nonce: string | undefined;
  const url = origin + path;
  const sign = (token: string): Promise<string> =>
    signProof({ method: "POST", url, accessToken: token, nonce, now: new Date() });
  return async (token) => {
    if (nonce === undefined) {
      const headers = { authorization: `DPoP ${token}`, dpop: await sign(token) };
      const response = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: '{"query":"{ __typename }"}',
      });
      await response.arrayBuffer();
      nonce = response.headers.get("dpop-nonce") ?? "";
    }
    return sign(token);
  };
}

async function makeProofs(order: LoadOrder, sign: Sign): Promise<readonly string[]> {
  const proofs: string[] = [];
  const wanted = Math.min(order.requestsMax, PROOFS_MAX);
  while (proofs.length < wanted) proofs.push(await sign(pick(order, proofs.length).token ?? ""));
  return proofs;
}

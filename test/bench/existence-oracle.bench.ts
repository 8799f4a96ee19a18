import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openDatabase } from "../../foundation/postgres/open-database.js";
import { openPostgres } from "../../foundation/postgres.js";
import { bankToken } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { sendWithToken } from "../support/proofs.js";
import { mannWhitney, quantile } from "../support/mann-whitney.js";
import {
  type Kind,
  KINDS,
  populate,
  type Population,
  randomFrom,
  shuffle,
} from "./existence-oracle/population.js";

const HELP = `Asks a gateway over HTTP on 127.0.0.1 about merchants of whom it has never heard, and about merchants that it knows and
that never consented to the asking bank, in turns, each merchant once; and tests by ranks (Mann-Whitney) whether the
times of the answers tell the ones from the others. It ends by itself.

  npm run bench:existence-oracle
  npm run bench:existence-oracle -- --samples 2000 --warm-up 300 --seed 1

p is two-sided. AUC is how often a random unknown merchant takes longer than a random known one: 0.5 tells nothing.
`;

const P_MIN = 0.01;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    samples: { type: "string", default: "2000" },
    "warm-up": { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
  },
});

interface Settings {
  readonly samples: number;
  readonly warmUp: number;
  readonly seed: number;
}

if (values.help === true) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const settings: Settings = {
    samples: Number(values.samples),
    warmUp: Number(values["warm-up"]),
    seed: Number(values.seed),
  };
  const numbers = Object.values(settings);
  if (!numbers.every((value) => Number.isSafeInteger(value) && value >= 1) || settings.samples > 100_000) {
    process.stderr.write(`every option takes whole numbers of 1 or more\n\n${HELP}`);
    return 1;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-bench-"));
  const database = await openDatabase({ dataDirectory: path.join(folder, "postgres") });
  try {
    return await run(settings, database);
  } finally {
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

type Database = Awaited<ReturnType<typeof openDatabase>>;

async function run(
  settings: Settings,
  { connectionString, ownerConnectionString }: Database,
): Promise<number> {
  const owner = ownerConnectionString ?? connectionString;
  const bureau = await startTestBureau({
    database: {
      connectionString: owner,
      applicationConnectionString: connectionString,
      open: ({ as, poolMax = 8 } = {}) =>
        openPostgres({
          connectionString: as === "application" ? connectionString : owner,
          applicationName: "bench",
          poolMax,
          statementTimeoutMs: 20_000,
        }),
      drop: async () => {},
    },
  });
  try {
    const random = randomFrom(settings.seed);
    say(`filling the house: ${settings.samples + settings.warmUp} merchants of each kind`);
    const population = await populate(bureau, settings.samples + settings.warmUp, random);
    const times = await sample(bureau, { population, settings, random });
    return tell(times, settings);
  } finally {
    await bureau.close();
  }
}

type Times = Readonly<Record<Kind, number[]>>;

/** One merchant of each kind after another, the three in random order; the first are asked to warm up. */
async function sample(
  bureau: TestBureau,
  {
    population,
    settings,
    random,
  }: {
    readonly population: Population;
    readonly settings: Settings;
    readonly random: (bound: number) => number;
  },
): Promise<Times> {
  const url = new URL("/graphql", await bureau.gateway.app.listen({ host: "127.0.0.1", port: 0 }));
  const token = await bankToken(bureau);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: Times = { unknown: [], known: [], "consented elsewhere": [] };
  const lengths = new Map<Kind, Set<number>>(KINDS.map((kind) => [kind, new Set()]));
  for (let nth = 0; nth < settings.warmUp + settings.samples; nth += 1) {
    for (const kind of shuffle(KINDS, random)) {
      const id = population[kind][nth] ?? "";
      const answer = await sendWithToken(
        bureau.gateway,
        { token, method: "POST", path: "/graphql" },
        (headers) => post(url, { agent, headers, body: bodyOf(id) }),
      );
      if (answer.statusCode !== 200 || !answer.text.includes("CONSENT_REQUIRED"))
        throw new Error(answer.text);
      if (nth < settings.warmUp) continue;
      times[kind].push(answer.tookMs);
      lengths.get(kind)?.add(answer.text.replace(/"remaining":\d+/, "").length);
    }
  }
  agent.destroy();
  // Without what is left of the client's budget, which shrinks with every request.
  for (const [kind, seen] of lengths) say(`lengths of the answers, ${kind}: ${[...seen].join(", ")}`);
  return times;
}

function bodyOf(id: string): string {
  const query = `query($id: MerchantId!) { merchant(id: $id, purpose: PRE_LOAN_ASSESSMENT, reference: "C-1") {
    id identity { legalName } transactions { orderCount { value } } reviews { reviewCount { value } } social { followers { value } } } }`;
  return JSON.stringify({ query, variables: { id } });
}

interface Timed {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** From the first byte sent to the last one received. */
  readonly tookMs: number;
}

function post(
  url: URL,
  {
    agent,
    headers,
    body,
  }: { readonly agent: Agent; readonly headers: Record<string, string>; readonly body: string },
): Promise<Timed> {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body);
    const options = {
      method: "POST",
      agent,
      headers: { ...headers, "content-type": "application/json", "content-length": length },
    };
    const sentAtMs = performance.now();
    const outgoing = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          statusCode: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          tookMs: performance.now() - sentAtMs,
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Says what came out; 1 when the times tell the kinds apart. */
function tell(times: Times, { samples, seed }: Settings): number {
  const cpu = os.cpus()[0]?.model ?? "?";
  say(`${samples} samples of each kind, seed ${seed}; ${cpu} x ${os.cpus().length}, Node ${process.version}`);
  say("", "| merchant | p50 ms | p90 ms | p99 ms |", "|---|---|---|---|");
  for (const kind of KINDS) {
    const at = (share: number) => quantile(times[kind], share).toFixed(3);
    say(`| ${kind} | ${at(0.5)} | ${at(0.9)} | ${at(0.99)} |`);
  }
  say("", "| unknown against | AUC | p | |", "|---|---|---|---|");
  let isTold = false;
  for (const kind of ["known", "consented elsewhere"] as const) {
    const { auc, p } = mannWhitney(times.unknown, times[kind]);
    const verdict = p < P_MIN ? "told apart" : "not separable";
    isTold ||= p < P_MIN;
    say(`| ${kind} | ${auc.toFixed(4)} | ${p.toFixed(4)} | ${verdict} |`);
  }
  say(
    "",
    `load average ${os
      .loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}; an AUC of 0.5 +- ${(2 / Math.sqrt(6 * samples)).toFixed(3)} is chance at this size`,
  );
  return isTold ? 1 : 0;
}

function say(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

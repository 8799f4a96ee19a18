import { readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type DocumentNode, parse } from "graphql";
import { createNativePlanner } from "../../gateway/plan/native-planner.js";
import { readSupergraph } from "../../gateway/plan/index.js";
import { SUPERGRAPH_FILE } from "../../gateway/process/open-bureau.js";
import { createReceive } from "../../gateway/receive/index.js";
import { OPERATION_LIMITS } from "../../gateway/receive/limits.js";
import { describeMachine, tableOf } from "./engine/report/machine.js";
import { createApolloPlanner } from "./engine/workload/apollo-planner.js";
import { distinctOperation, PLAN_BOMBS } from "./engine/workload/distinct-operations.js";
import { publicSupergraph, PUBLIC_QUERY } from "./engine/workload/public-graph.js";
import { PROFILE_QUERY } from "./engine/workload/profile-query.js";
import { median, quantileOf } from "./statistics.js";

const HELP = `Measures planning without any cache: the planner of this gateway and the one that @apollo/gateway uses, in turns, on the
unified profile query and on distinct operations; how long each keeps the event loop; and how long the first station
takes to refuse two documents that no planner should see. It ends by itself.

  npm run bench:planning
  npm run bench:planning -- --operations 200 --block 20 --seed 1
`;
const TARGET_TIMES = 20;
const LOOP_DELAY_MAX_MS = 20;
const REFUSAL_MAX_MS = 5;
const HEAD = [
  "operation",
  "ours ms (p50, p99)",
  "@apollo/query-planner ms (p50, p99)",
  "first plan ms (ours, Apollo)",
  `times faster (p50; ${TARGET_TIMES} wanted)`,
  `ours keeps the loop, ms (median block, worst; ${LOOP_DELAY_MAX_MS} at most)`,
  "Apollo keeps the loop, ms",
];

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    operations: { type: "string", default: "200" },
    block: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});

type Plan = (document: DocumentNode) => unknown;

/** What a planner took for each operation, and how long it kept the event loop at most, block by block. */
interface Measured {
  readonly tookMs: number[];
  readonly loopMaxMs: number[];
  /** The very first plan: the code is not compiled yet. */
  readonly firstMs: number[];
}

if (values.help === true) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const [operations, block, seed] = [values.operations, values.block, values.seed].map(Number);
  if (![operations, block, seed].every((value) => Number.isSafeInteger(value) && (value ?? 0) >= 1)) {
    process.stderr.write(`every option takes whole numbers of 1 or more\n\n${HELP}`);
    return 1;
  }
  const { plannableSdl } = readSupergraph(await readFile(SUPERGRAPH_FILE, "utf8"));
  const count = operations ?? 0;
  const profile = Array.from({ length: count }, () => parse(PROFILE_QUERY));
  const distinct = Array.from({ length: count }, (_, i) => parse(distinctOperation(i, seed ?? 1)));
  const open = Array.from({ length: count }, () => parse(PUBLIC_QUERY));
  const { at, cpus, node, loadAverage } = describeMachine();
  say(
    `${at}, ${cpus}, Node ${node}, load average ${loadAverage.join(" ")}, ${count} operations, seed ${seed}`,
  );
  say(`event loop at rest: ${(await restMs()).toFixed(1)} ms at most\n`);
  const rows = [];
  for (const [name, sdl, documents] of [
    ["the profile query", plannableSdl, profile],
    ["distinct operations", plannableSdl, distinct],
    ["the query of the public gateway benchmarks", publicSupergraph(), open],
  ] as const)
    rows.push(rowOf(name, await compare(plannersOf(sdl), documents, block ?? 1)));
  say(tableOf(HEAD, rows));
  say(`\n${tableOf(["document", "characters", "refused with", "ms (median of 51, worst)"], refusals())}`);
  return 0;
}

function plannersOf(supergraphSdl: string): Readonly<Record<"native" | "apollo", Plan>> {
  const native = createNativePlanner(supergraphSdl);
  return {
    native: (document) => native.plan(document, undefined),
    apollo: createApolloPlanner(supergraphSdl),
  };
}

/** In blocks, so that the event loop's delays are one planner's own. */
async function compare(
  planners: Readonly<Record<"native" | "apollo", Plan>>,
  documents: readonly DocumentNode[],
  block: number,
): Promise<Readonly<Record<"native" | "apollo", Measured>>> {
  const measured = {
    native: { tookMs: [], loopMaxMs: [], firstMs: [] } as Measured,
    apollo: { tookMs: [], loopMaxMs: [], firstMs: [] } as Measured,
  };
  const [first] = documents;
  for (const name of ["native", "apollo"] as const) {
    const startMs = performance.now();
    if (first !== undefined) await planners[name](first);
    measured[name].firstMs.push(performance.now() - startMs);
  }
  for (let start = 0, turn = 0; start < documents.length; start += block, turn += 1) {
    const order = turn % 2 === 0 ? (["native", "apollo"] as const) : (["apollo", "native"] as const);
    for (const name of order)
      await runBlock(planners[name], documents.slice(start, start + block), measured[name]);
  }
  return measured;
}

async function runBlock(plan: Plan, documents: readonly DocumentNode[], into: Measured): Promise<void> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  for (const document of documents) {
    const startMs = performance.now();
    await plan(document);
    into.tookMs.push(performance.now() - startMs);
    // One turn of the loop, so that each plan's delay is seen as its own.
    await delay(2);
  }
  loop.disable();
  into.loopMaxMs.push(loop.max / 1e6);
}

async function restMs(): Promise<number> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  await delay(500);
  loop.disable();
  return loop.max / 1e6;
}

function rowOf(name: string, { native, apollo }: Readonly<Record<"native" | "apollo", Measured>>): string[] {
  const loop = ({ loopMaxMs }: Measured): string =>
    `${median(loopMaxMs).toFixed(1)}, ${Math.max(...loopMaxMs).toFixed(1)}`;
  return [
    name,
    both(native.tookMs),
    both(apollo.tookMs),
    [...native.firstMs, ...apollo.firstMs].map((ms) => ms.toFixed(1)).join(", "),
    (median(apollo.tookMs) / median(native.tookMs)).toFixed(1),
    loop(native),
    loop(apollo),
  ];
}

function both(tookMs: readonly number[]): string {
  const sorted = tookMs.toSorted((a, b) => a - b);
  return `${quantileOf(sorted, 0.5).toFixed(2)}, ${quantileOf(sorted, 0.99).toFixed(2)}`;
}

/** By a station that has served before: what a first request makes the engine compile is not the document's doing. */
function refusals(): readonly (readonly string[])[] {
  for (let i = 0; i < 20; i += 1) judge(PROFILE_QUERY);
  return Object.entries(PLAN_BOMBS).map(([name, query]) => {
    const tookMs: number[] = [];
    let code = "LET THROUGH";
    for (let i = 0; i < 51; i += 1) {
      const startMs = performance.now();
      try {
        judge(query);
      } catch (error) {
        code = String((error as { code?: unknown }).code ?? error);
      }
      tookMs.push(performance.now() - startMs);
    }
    const verdict = median(tookMs) < REFUSAL_MAX_MS ? "" : ` (more than ${REFUSAL_MAX_MS})`;
    return [
      name,
      String(query.length),
      code,
      `${median(tookMs).toFixed(2)}, ${Math.max(...tookMs).toFixed(2)}${verdict}`,
    ];
  });
}

/** By a fresh station each time: what passed once is remembered. @throws BureauError for what it refuses */
function judge(query: string): void {
  createReceive(OPERATION_LIMITS).text(query);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

import { parseArgs } from "node:util";
import { refill } from "./consents/copy-consents.js";
import { CONTENDERS } from "./engine/contenders/contenders.js";
import type { Running } from "./engine/contenders/contender.js";
import { type Generator, openGenerator } from "./engine/load/open-generator.js";
import { openField, type OpenField } from "./engine/market/open-field.js";
import type { ProcessReport } from "./engine/preloads/report-process.js";
import { describeMachine, tableOf } from "./engine/report/machine.js";
import { distinctOperation } from "./engine/workload/distinct-operations.js";
import { profileVariables } from "./engine/workload/profile-query.js";
import { median } from "./statistics.js";

const HELP = `Sends distinct operations to a real gateway process, no two of the same text, and prints its memory as it goes: resident,
and what the JavaScript heap holds after a collection. What is kept for each operation must be bounded. It ends by itself.

  npm run bench:memory
  npm run bench:memory -- --operations 100000 --step 5000 --whole-every 20 --minutes 60 --seed 1

Of every --whole-every operations one asks several subgraphs, the others one.
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    operations: { type: "string", default: "100000" },
    step: { type: "string", default: "5000" },
    "whole-every": { type: "string", default: "20" },
    minutes: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});
const CONTENDER = "general-in-process";
const BANKS = 20;
const CONNECTIONS = 16;
/** By so much the heap may grow between the second quarter and the last, where caches are full: MiB. */
const GROWTH_MAX_MIB = 16;
const HEAD = ["operations", "RSS MiB", "heap MiB", "external MiB", "loop kept, ms (p99, worst)", "req/s"];

interface Settings {
  readonly operations: number;
  readonly step: number;
  readonly wholeEvery: number;
  readonly minutes: number;
  readonly seed: number;
}

interface Row extends ProcessReport {
  readonly operations: number;
  readonly perSecond: number;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

if (values.help === true) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const settings: Settings = {
    operations: Number(values.operations),
    step: Number(values.step),
    wholeEvery: Number(values["whole-every"]),
    minutes: Number(values.minutes),
    seed: Number(values.seed),
  };
  if (!Object.values(settings).every((value) => Number.isSafeInteger(value) && value >= 1)) {
    process.stderr.write(`every option takes whole numbers of 1 or more\n\n${HELP}`);
    return 1;
  }
  const field = await openField({ merchants: 200, orders: 3_000, banks: BANKS, isMemoized: false }, say);
  try {
    const generator = await openGenerator();
    const contender = CONTENDERS.find(({ id }) => id === CONTENDER);
    const server = await contender?.start(field, ["--expose-gc"]);
    if (server === undefined) throw new Error(`no contender ${CONTENDER}`);
    try {
      return tell(await run({ field, generator, server }, settings), settings);
    } finally {
      await server.stop();
      await generator.stop();
    }
  } finally {
    await field.close();
  }
}

async function run(
  {
    field,
    generator,
    server,
  }: { readonly field: OpenField; readonly generator: Generator; readonly server: Running },
  settings: Settings,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const report = async (operations: number, perSecond: number): Promise<void> => {
    const row = { ...((await server.ask({ collect: true })) as ProcessReport), operations, perSecond };
    rows.push(row);
    say(cellsOf(row).join("  "));
  };
  await report(0, 0);
  const endMs = performance.now() + settings.minutes * 60_000;
  for (let sent = 0; sent < settings.operations && performance.now() < endMs; sent += settings.step) {
    await refill(field.market.owner);
    const count = Math.min(settings.step, settings.operations - sent);
    const { merchants } = field.market;
    const bodies = Array.from({ length: count }, (_, i) => bodyOf(sent + i, merchants, settings));
    const result = await generator.load({
      origin: server.origin,
      path: server.path,
      connections: CONNECTIONS,
      seconds: settings.minutes * 60,
      requestsMax: count,
      from: 0,
      bodies,
      tokens: server.tokens,
      // One bank after another asks about all merchants.
      rotation: bodies.map((_, i) => [Math.floor(i / merchants.length) % server.tokens.length, i] as const),
    });
    if (result.failures > count / 100)
      throw new Error(`${result.failures} failed: ${result.firstFailure ?? ""}`);
    await report(sent + count, result.answers / result.seconds);
  }
  return rows;
}

function bodyOf(nth: number, merchants: readonly string[], { wholeEvery, seed }: Settings): string {
  const query = distinctOperation(nth, seed, nth % wholeEvery !== 0);
  return JSON.stringify({ query, variables: profileVariables(merchants[nth % merchants.length] ?? "") });
}

function cellsOf(row: Row): readonly string[] {
  return [
    String(row.operations),
    row.rssMib.toFixed(0),
    row.heapUsedMib.toFixed(1),
    row.externalMib.toFixed(1),
    `${row.loopDelayP99Ms.toFixed(1)}, ${row.loopDelayMaxMs.toFixed(1)}`,
    row.perSecond.toFixed(0),
  ];
}

/** Prints the table; 1 when the heap still grows at the end. */
function tell(rows: readonly Row[], settings: Settings): number {
  const { at, cpus, node, loadAverage } = describeMachine();
  const quarter = (from: number, until: number): number => {
    const part = rows.slice(Math.ceil(rows.length * from), Math.ceil(rows.length * until));
    return median(part.map(({ heapUsedMib }) => heapUsedMib));
  };
  const growth = quarter(0.75, 1) - quarter(0.25, 0.5);
  const isBounded = rows.length >= 8 && growth <= GROWTH_MAX_MIB;
  process.stdout.write(
    `${at}, ${cpus}, Node ${node}, load average ${loadAverage.join(" ")}, seed ${settings.seed}\n\n` +
      `${tableOf(HEAD, rows.map(cellsOf))}\n\n` +
      `heap, last quarter against the second: ${growth.toFixed(1)} MiB; ${
        rows.length < 8 ? "too few rows to tell" : isBounded ? "bounded" : "STILL GROWING"
      }\n`,
  );
  return isBounded || rows.length < 8 ? 0 : 1;
}

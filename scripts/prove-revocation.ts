import { parseArgs } from "node:util";
import { isAsExpected, type Verdict, verdictTable } from "./prove-revocation/verdict.js";

const LAYERS = ["simulation", "nemesis", "models"] as const;
type Layer = (typeof LAYERS)[number];

const SEEDS_DEFAULT = 2_000;
const SECONDS_DEFAULT = 20;
const SEED_MAX = 2 ** 31;

const HELP = `Shows that a revocation holds: once it is acknowledged, no inquiry that starts later is answered under it.

  npm run prove:revocation
  npm run prove:revocation -- --only simulation --seeds 20000
  npm run prove:revocation -- --only nemesis --seconds 60
  npm run prove:revocation -- --seed 4711          what a run printed, to see it again

  --seeds N      seeds of the simulation, for each variant (default ${SEEDS_DEFAULT})
  --seed S       the first seed, and the seed of the nemesis' faults (default: drawn, and printed)
  --seconds N    length of the nemesis (default ${SECONDS_DEFAULT}); a machine on which too little happens, and a defect that does
                 not show, get three times as long
  --only LIST    of ${LAYERS.join(",")} (default all)
  -h, --help     this text

simulation   the gateway's own code in virtual time: loss, partitions, kill -9, stops, crashes of the database
nemesis      two gateway processes on a real PostgreSQL behind fault proxies; backends and gateways are killed
models       Promela, where spin and gcc are installed

Each layer runs what is right, which must show no violation, and deliberately broken variants, each of which must be
caught. Exit code 0: all as expected; 1: not so; 2: the command was not understood. docs/revocation-proof.md says more.
`;

class UsageError extends Error {}

interface Settings {
  readonly seeds: number;
  readonly seed: number;
  readonly seconds: number;
  readonly only: readonly Layer[];
}

process.exitCode = await main();

async function main(): Promise<number> {
  let settings: Settings | "help";
  try {
    settings = readSettings();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`error: ${error.message} (--help says more)\n`);
    return 2;
  }
  if (settings === "help") {
    say(HELP);
    return 0;
  }
  const verdicts = await prove(settings);
  const bad = verdicts.filter((verdict) => !isAsExpected(verdict));
  const skipped = verdicts.filter(({ result }) => result === "skipped");
  say(`\n${verdictTable(verdicts)}\n`);
  if (skipped.length > 0) say(`${skipped.map(({ layer }) => layer).join(", ")}: skipped, and so not proved`);
  say(
    bad.length === 0
      ? `${verdicts.length - skipped.length} verdicts, all as expected (seed ${settings.seed})`
      : `${bad.length} of ${verdicts.length} verdicts NOT as expected; see them again with --seed ${settings.seed}`,
  );
  return bad.length === 0 ? 0 : 1;
}

async function prove({ seed, seeds, seconds, only }: Settings): Promise<readonly Verdict[]> {
  say(`seed ${seed}`);
  const report = { onProgress: showProgress, onVerdict: showVerdict };
  const verdicts: Verdict[] = [];
  // Each layer is read when its turn comes: --help and a wrong word answer at once.
  if (only.includes("simulation")) {
    const { proveSimulation } = await import("./prove-revocation/prove-simulation.js");
    verdicts.push(...(await proveSimulation({ seed, seeds, ...report })));
  }
  if (only.includes("models")) {
    const { checkModels } = await import("./prove-revocation/models/check-models.js");
    verdicts.push(...(await checkModels(showVerdict)));
  }
  if (only.includes("nemesis")) {
    const { proveNemesis } = await import("./prove-revocation/prove-nemesis.js");
    verdicts.push(...(await proveNemesis({ seed, seconds, ...report })));
  }
  return verdicts;
}

function readSettings(): Settings | "help" {
  const { values } = parse();
  if (values.help === true) return "help";
  const only = (values.only ?? LAYERS.join(",")).split(",").map((layer) => layer.trim());
  const stranger = only.find((layer) => !(LAYERS as readonly string[]).includes(layer));
  if (stranger !== undefined)
    throw new UsageError(`--only ${stranger} is unknown; choose from ${LAYERS.join(", ")}`);
  return {
    seeds: readNumber("seeds", values.seeds, { least: 1, most: 10_000_000 }) ?? SEEDS_DEFAULT,
    seed:
      readNumber("seed", values.seed, { least: 0, most: SEED_MAX }) ?? Math.floor(Math.random() * SEED_MAX),
    seconds: readNumber("seconds", values.seconds, { least: 5, most: 86_400 }) ?? SECONDS_DEFAULT,
    only: only as Layer[],
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        seeds: { type: "string" },
        seed: { type: "string" },
        seconds: { type: "string" },
        only: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function readNumber(
  name: string,
  text: string | undefined,
  { least, most }: { readonly least: number; readonly most: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new UsageError(`--${name} must be a whole number from ${least} to ${most}`);
  return value;
}

/** Progress replaces itself on a terminal, and is left out where nobody watches. */
function showProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${line}`);
}

function showVerdict({ layer, variant, result, rests }: Verdict): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[2K");
  say(`${layer} ${variant}: ${result}; ${rests}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

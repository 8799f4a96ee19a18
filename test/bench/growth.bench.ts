import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { copyConsents, refill } from "./consents/copy-consents.js";
import { CONTENDERS } from "./engine/contenders/contenders.js";
import type { Running } from "./engine/contenders/contender.js";
import { type Generator, openGenerator } from "./engine/load/open-generator.js";
import { bankIds, openField, type OpenField } from "./engine/market/open-field.js";
import { describeMachine, tableOf } from "./engine/report/machine.js";
import { PORTFOLIO_QUERY, PROFILE_QUERY, profileVariables } from "./engine/workload/profile-query.js";
import { measureServer, type Slice } from "./engine/runs/measure-server.js";
import { median, spreadOf } from "./statistics.js";

const HELP = `Measures how one gateway's throughput and latency change with the number of consents that each bank has, and with the
number of merchants that one request asks about. All sizes lie in one database and are asked in turns. It ends by itself.

  npm run bench:growth
  npm run bench:growth -- --consents 1,10,100,1000,10000 --portfolios 1,10,100 --banks 50 --rounds 3 --seconds 4
      --connections 32 --contender general-in-process --json FILE

A portfolio of N is asked for over so many fewer connections, so that as many merchants are in flight at every size.
Flat is when no size differs from the first by more than the rounds of one size differ among each other.
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    consents: { type: "string", default: "1,10,100,1000,10000" },
    portfolios: { type: "string", default: "1,10,100" },
    banks: { type: "string", default: "50" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "32" },
    contender: { type: "string", default: "general-in-process" },
    json: { type: "string" },
  },
});

interface Settings {
  readonly consents: readonly number[];
  readonly portfolios: readonly number[];
  readonly banks: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
}

/** One size, and who asks what at it. */
interface Level {
  readonly title: string;
  /** Merchants that one request asks about. */
  readonly merchants: number;
  readonly bodies: readonly string[];
  readonly tokens: readonly string[];
  readonly rotation: readonly (readonly [token: number, body: number])[];
  readonly slices: Slice[];
}

const MERCHANTS = 200;
const USES_OF_PAIR = 25;
const HEAD = [
  "size",
  "req/s",
  "spread",
  "merchants/s",
  "p50 / p99 ms",
  "CPU us/req",
  "PostgreSQL us/req",
  "merchants/s to the first",
  "failed",
];

const say = (line: string): void => void process.stderr.write(`${line}\n`);

if (values.help === true) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const list = (text: string): readonly number[] => text.split(",").map(Number);
  const settings: Settings = {
    consents: list(values.consents),
    portfolios: list(values.portfolios),
    banks: Number(values.banks),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    connections: Number(values.connections),
  };
  const contender = CONTENDERS.find(({ id, kind }) => id === values.contender && kind === "ours");
  const isSound = Object.values(settings)
    .flat()
    .every((value) => Number.isSafeInteger(value) && value >= 1);
  if (!isSound || contender === undefined || Math.max(...settings.portfolios) > 100) {
    process.stderr.write(`an option is out of range\n\n${HELP}`);
    return 1;
  }
  const field = await openField({ merchants: MERCHANTS, orders: 30_000, banks: 0, isMemoized: false }, say);
  try {
    const generator = await openGenerator();
    try {
      const byConsents = await consentLevels(field, settings);
      const bySize = await portfolioLevels(field, settings);
      await field.market.owner.pool.query("vacuum analyze");
      const server = await contender.start(field);
      try {
        for (const levels of [byConsents, bySize])
          await measureLevels(levels, { field, generator, server, settings });
      } finally {
        await server.stop();
      }
      await tell(contender.title, { byConsents, bySize });
      return 0;
    } finally {
      await generator.stop();
    }
  } finally {
    await field.close();
  }
}

/** Banks of their own for each size; each asks about merchants that have records, as many of its consents as there are. */
async function consentLevels(field: OpenField, { consents, banks }: Settings): Promise<readonly Level[]> {
  const levels: Level[] = [];
  const { merchants, owner, templateConsent } = field.market;
  for (const count of consents) {
    say(`granting ${count} consents to each of ${banks} banks`);
    const names = bankIds(banks).map((bank) => `${bank}-of-${count}`);
    const pairs = names.flatMap((bank, nth) =>
      Array.from({ length: count }, (_, i) => ({ bank, merchant: merchantAt(merchants, nth, i) })),
    );
    for (let start = 0; start < pairs.length; start += 50_000)
      await copyConsents(owner, templateConsent, pairs.slice(start, start + 50_000));
    const asked = Math.min(count, merchants.length);
    levels.push({
      title: `${count} consents a bank`,
      merchants: 1,
      bodies: merchants.map((merchant) =>
        JSON.stringify({ query: PROFILE_QUERY, variables: profileVariables(merchant) }),
      ),
      tokens: await field.issuer.tokens(names, { isBound: false }),
      rotation: Array.from({ length: asked * banks }, (_, i) => {
        const bank = i % banks;
        return [bank, (bank + Math.floor(i / banks)) % merchants.length] as const;
      }),
      slices: [],
    });
  }
  return levels;
}

/** First the merchants of the market, from another one for each bank; then codes that nobody published of. */
function merchantAt(merchants: readonly string[], bank: number, nth: number): string {
  return nth < merchants.length
    ? (merchants[(bank + nth) % merchants.length] ?? "")
    : `91990200${String(nth).padStart(10, "0")}`;
}

async function portfolioLevels(field: OpenField, { portfolios, banks }: Settings): Promise<readonly Level[]> {
  const names = bankIds(banks).map((bank) => `${bank}-portfolio`);
  const { merchants, owner, templateConsent } = field.market;
  const pairs = names.flatMap((bank) => merchants.map((merchant) => ({ bank, merchant })));
  await copyConsents(owner, templateConsent, pairs);
  const tokens = await field.issuer.tokens(names, { isBound: false });
  return portfolios.map((size) => {
    const starts = Math.floor(merchants.length / size);
    const bodies = Array.from({ length: starts }, (_, i) => {
      const inquiries = merchants.slice(i * size, (i + 1) * size).map(profileVariables);
      return JSON.stringify({ query: PORTFOLIO_QUERY, variables: { inquiries } });
    });
    const rotation = bodies.flatMap((_, body) => tokens.map((_token, token) => [token, body] as const));
    return { title: `portfolio of ${size}`, merchants: size, bodies, tokens, rotation, slices: [] };
  });
}

interface Stage {
  readonly field: OpenField;
  readonly generator: Generator;
  readonly server: Running;
  readonly settings: Settings;
}

/** In turns, forwards and backwards; the round before the first is not counted. */
async function measureLevels(levels: readonly Level[], stage: Stage): Promise<void> {
  const { field, settings } = stage;
  for (let round = -1; round < settings.rounds; round += 1) {
    for (const level of round % 2 === 0 ? levels : levels.toReversed()) {
      await refill(field.market.owner);
      const plan = {
        asked: level,
        connections: Math.max(1, Math.floor(settings.connections / level.merchants)),
        seconds: round < 0 ? Math.min(2, settings.seconds) : settings.seconds,
        requestsMax: level.rotation.length * USES_OF_PAIR,
        from: 0,
      };
      const slice = await measureServer(stage.server, stage, plan);
      if (slice.failures > 0) say(`${level.title}: ${slice.failures} failed, ${slice.firstFailure ?? ""}`);
      say(`${level.title}: ${slice.perSecond.toFixed(0)}/s, p99 ${slice.p99Ms.toFixed(1)} ms`);
      if (round >= 0) level.slices.push(slice);
    }
  }
}

async function tell(
  title: string,
  tables: { readonly byConsents: readonly Level[]; readonly bySize: readonly Level[] },
): Promise<void> {
  const machine = describeMachine();
  const { at, cpus, node, loadAverage } = machine;
  const lists = Object.values(tables);
  process.stdout.write(
    `${title}; ${at}, ${cpus}, Node ${node}, load average ${loadAverage.join(" ")} afterwards\n\n` +
      `${lists
        .map((levels) =>
          tableOf(
            HEAD,
            levels.map((level) => rowOf(level, levels[0])),
          ),
        )
        .join("\n\n")}\n`,
  );
  if (values.json === undefined) return;
  const found = lists.flat().map(({ title: size, merchants, slices }) => ({ size, merchants, slices }));
  await writeFile(values.json, `${JSON.stringify({ machine, title, found }, null, 2)}\n`);
}

function rowOf({ title, merchants, slices }: Level, first: Level | undefined): readonly string[] {
  const middle = (read: (slice: Slice) => number): number => median(slices.map(read));
  const perSecond = slices.map((slice) => slice.perSecond * merchants);
  const toFirst = slices.map((slice, round) => {
    const other = first?.slices[round]?.perSecond ?? Number.NaN;
    return (slice.perSecond * merchants) / (other * (first?.merchants ?? 1));
  });
  return [
    title,
    middle((slice) => slice.perSecond).toFixed(1),
    `+-${(100 * spreadOf(perSecond)).toFixed(0)} %`,
    median(perSecond).toFixed(0),
    `${middle(({ p50Ms }) => p50Ms).toFixed(1)} / ${middle(({ p99Ms }) => p99Ms).toFixed(1)}`,
    middle(({ cpuUs }) => cpuUs).toFixed(0),
    middle(({ postgresCpuUs }) => postgresCpuUs).toFixed(0),
    median(toFirst).toFixed(2),
    String(slices.reduce((sum, { failures }) => sum + failures, 0)),
  ];
}

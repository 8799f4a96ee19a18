import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { CONTENDERS } from "./engine/contenders/contenders.js";
import { openGenerator } from "./engine/load/open-generator.js";
import { openField } from "./engine/market/open-field.js";
import { describeMachine } from "./engine/report/machine.js";
import { profileContenders } from "./engine/report/profile-contenders.js";
import { summarize, tablesOf } from "./engine/report/summary.js";
import { runRounds } from "./engine/runs/run-rounds.js";

const HELP = `Measures the whole gateway beside other gateways and beside what the machine gives: the unified profile query over a
synthetic market, every contender a fresh process, all of them in turns in one run. CPU time a request is the operating
system's account of the server (user and system, all threads). An answer that is not the reference's is not timed. It ends
by itself, uses 127.0.0.1 only and ends only what it started. Linux only.

  npm run bench
  npm run bench -- --rounds 3 --seconds 5 --connections 1,32 --only general-http,apollo --json FILE
  npm run bench -- --profile --only general-in-process      where the time goes, by room and by package

  --rounds N        turns of each contender (3)        --merchants N   of the market (200)
  --seconds N       of each measurement (5)            --orders N      of the market (30000)
  --warm-up N       requests before it (2000)          --banks N       that ask, each with a consent of all (20)
  --connections L   (1,32)                             --seed N        of the order of requests (1)
  --subgraphs KIND  real, or memoized: the shared process then answers from memory, so that gateways are compared
  --only L          contenders: ${CONTENDERS.map(({ id }) => id).join(", ")}, static
`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    "warm-up": { type: "string", default: "2000" },
    connections: { type: "string", default: "1,32" },
    merchants: { type: "string", default: "200" },
    orders: { type: "string", default: "30000" },
    banks: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    subgraphs: { type: "string", default: "real" },
    only: { type: "string", default: "" },
    json: { type: "string" },
    profile: { type: "boolean", default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

if (values.help === true) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { connections, only, json, profile, subgraphs, ...counts } = values;
  const lists = { connections: connections.split(",").map(Number), only: only.split(",").filter(Boolean) };
  const known = new Set([...CONTENDERS.map(({ id }) => id), "static"]);
  const stranger = lists.only.find((id) => !known.has(id));
  const numbers = [
    ...lists.connections,
    ...Object.values(counts).flatMap((value) => (typeof value === "string" ? [Number(value)] : [])),
  ];
  const isSound =
    numbers.every((value) => Number.isSafeInteger(value) && value >= 1) &&
    /^(real|memoized)$/.test(subgraphs);
  if (!isSound || stranger !== undefined || Math.max(...lists.connections) > 1_000) {
    process.stderr.write(
      `${stranger === undefined ? "an option is out of range" : `no ${stranger}`}\n\n${HELP}`,
    );
    return 1;
  }
  const options = {
    ...lists,
    rounds: Number(counts.rounds),
    seconds: Number(counts.seconds),
    warmUpRequests: Number(counts["warm-up"]),
    seed: Number(counts.seed),
  };
  const size = {
    merchants: Number(counts.merchants),
    orders: Number(counts.orders),
    banks: Number(counts.banks),
    isMemoized: subgraphs === "memoized",
  };
  const field = await openField(size, say);
  try {
    const generator = await openGenerator();
    try {
      const stage = { field, generator, options, say };
      if (profile) process.stdout.write(`${await profileContenders(stage)}\n`);
      else await compare(stage, { size, json });
      return 0;
    } finally {
      await generator.stop();
    }
  } finally {
    await field.close();
  }
}

async function compare(
  stage: Parameters<typeof runRounds>[0],
  { size, json }: { readonly size: object; readonly json: string | undefined },
): Promise<void> {
  const machine = describeMachine();
  const found = await runRounds(stage);
  const { connections } = stage.options;
  const summaries = summarize(found, connections);
  const { answersHash, answerBytes } = found;
  const afterwards = describeMachine().loadAverage;
  process.stdout.write(
    `${machine.at}, ${machine.cpus}, Node ${machine.node}, load average ${machine.loadAverage.join(" ")} before, ${afterwards.join(" ")} after\n` +
      `${JSON.stringify(size)}, ${stage.options.rounds} rounds of ${stage.options.seconds} s, answers ${answersHash}, ${answerBytes} bytes\n\n` +
      `${tablesOf(summaries, connections)}\n`,
  );
  if (json === undefined) return;
  const all = { machine, afterwards, size, options: stage.options, answersHash, answerBytes, summaries };
  const slices = found.outcomes.map(({ contender, slices: measured }) => ({
    id: contender.id,
    slices: measured,
  }));
  await writeFile(json, `${JSON.stringify({ ...all, slices }, null, 2)}\n`);
}

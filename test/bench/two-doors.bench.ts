import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { openDatabase } from "../../foundation/postgres/open-database.js";
import { openPostgres } from "../../foundation/postgres.js";
import { ALICE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { wayIn } from "../support/doors.js";
import { median } from "./statistics.js";

const HELP = `What a request costs the gateway's process by each way in: an operation written out, and the same as a trusted document by
the general and by the lean door. The way takes turns in rounds; subgraphs run in the process, PostgreSQL beside it. CPU
time is user and system time of the process and includes the sender's share, which is the same for all.

  npm run bench:two-doors
  npm run bench:two-doors -- --rounds 7 --requests 600 --callers 16
`;

const WAYS = ["text", "id, general door", "id, lean door"] as const;
type Way = (typeof WAYS)[number];

const { values } = parseArgs({
  options: {
    help: { type: "boolean" },
    rounds: { type: "string", default: "7" },
    requests: { type: "string", default: "600" },
    callers: { type: "string", default: "16" },
  },
});

if (values.help === true) process.stdout.write(HELP);
else process.exitCode = await main();

interface Settings {
  readonly rounds: number;
  readonly requests: number;
  readonly callers: number;
}

async function main(): Promise<number> {
  const settings: Settings = {
    rounds: Number(values.rounds),
    requests: Number(values.requests),
    callers: Number(values.callers),
  };
  if (!Object.values(settings).every((value) => Number.isSafeInteger(value) && value >= 1)) {
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

async function run(
  settings: Settings,
  { connectionString, ownerConnectionString }: Awaited<ReturnType<typeof openDatabase>>,
): Promise<number> {
  const owner = ownerConnectionString ?? connectionString;
  const bureau = await startTestBureau({
    database: {
      connectionString: owner,
      applicationConnectionString: connectionString,
      open: ({ poolMax = 8 } = {}) =>
        openPostgres({
          connectionString: owner,
          applicationName: "bench",
          poolMax,
          statementTimeoutMs: 20_000,
        }),
      drop: async () => {},
    },
  });
  try {
    await publishTwoMerchants(bureau);
    const token = await bureau.token({ party: "merchant", id: ALICE });
    for (const [what, query] of Object.entries(await operations()))
      await compare(what, await senders(bureau, token, query), settings);
    return 0;
  } finally {
    await bureau.close();
  }
}

/** The least that asks anything of a room, and the profile that is shipped, of the merchant's own file: no consent runs out. */
async function operations(): Promise<Readonly<Record<string, string>>> {
  const file = new URL("../../docs/examples/documents/unified-profile.graphql", import.meta.url);
  const profile = (await readFile(file, "utf8"))
    .replace(/query UnifiedProfile\([^)]*\)/, "query OwnProfile")
    .replace(/merchant\([^)]*\)/, "me");
  return { "one field": "query Id { me { id } }", "the unified profile": profile };
}

type Send = () => Promise<void>;

async function senders(bureau: TestBureau, token: string, query: string): Promise<ReadonlyMap<Way, Send>> {
  const { body } = wayIn(bureau.gateway, { query }, "lean");
  const asks: Readonly<Record<Way, readonly [string, object]>> = {
    text: ["/graphql", { query }],
    "id, general door": ["/graphql", body],
    "id, lean door": ["/graphql/documents", body],
  };
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  return new Map(
    WAYS.map((way) => {
      const [url, asked] = asks[way];
      const payload = JSON.stringify(asked);
      return [
        way,
        async () => {
          const reply = await bureau.gateway.app.inject({ method: "POST", url, headers, payload });
          if (reply.statusCode !== 200 || reply.payload.includes('"errors"')) throw new Error(reply.payload);
        },
      ] as const;
    }),
  );
}

async function compare(what: string, senders: ReadonlyMap<Way, Send>, settings: Settings): Promise<void> {
  const cpuUs = new Map<Way, number[]>();
  for (let round = -1; round < settings.rounds; round += 1)
    for (const [way, send] of senders) {
      const spent = await slice(send, settings);
      // The first round warms up.
      if (round >= 0) cpuUs.set(way, [...(cpuUs.get(way) ?? []), spent]);
    }
  process.stdout.write(`${what}, CPU us a request (median of ${settings.rounds} rounds, least to most)\n`);
  for (const [way, each] of cpuUs) {
    const [least, most] = [Math.min(...each), Math.max(...each)].map((us) => us.toFixed(0));
    process.stdout.write(
      `  ${way.padEnd(18)} ${median(each).toFixed(0).padStart(6)}  (${least} to ${most})\n`,
    );
  }
}

/** Microseconds of CPU a request, of so many callers at once. */
async function slice(send: Send, { requests, callers }: Settings): Promise<number> {
  const before = process.cpuUsage();
  let left = requests;
  const call = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await send();
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { loadPlanner, PLANNER_KINDS, type PlannerKind } from "../../gateway/plan/load-planner.js";
import { createBareEngine, WITHOUT_CONSENT } from "../../gateway/process/bare/bare-engine.js";
import { serveEngine } from "../../gateway/process/bare/serve-engine.js";
import { readSources } from "../../gateway/process/bare/read-sources.js";

const HELP = `Serves a supergraph with the engine alone: no consent, no token, no record. For audits and comparisons of engines.

  npm run serve:supergraph -- supergraph.graphql
  npm run serve:supergraph -- supergraph.graphql --port 4001 --planner apollo

  --port N         port on 127.0.0.1 (default 4000); 0 takes a free one
  --planner NAME   ${PLANNER_KINDS.join(" or ")} (default native)
  -h, --help       this text

Subgraphs are asked at the URLs that the supergraph's @join__graph gives. GraphQL over HTTP is at /graphql, a health check
at /health. A supergraph that carries rules on who may see what is refused: nobody here would keep them. SIGTERM and SIGINT
let what is in flight end. docs/engine.md says how to run the public federation audit against it.
`;

class UsageError extends Error {}

try {
  await main();
} catch (error) {
  const isUsage =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(
    `error: ${(error as Error).message}${isUsage === true ? " (--help says more)" : ""}\n`,
  );
  process.exitCode = isUsage === true ? 2 : 1;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: "string", default: "4000" },
      planner: { type: "string", default: "native" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError("one supergraph file is needed");
  const supergraphSdl = await readFile(file, "utf8");
  const engine = createBareEngine({
    [WITHOUT_CONSENT]: true,
    supergraphSdl,
    sources: readSources(supergraphSdl),
    createPlanner: await loadPlanner(readPlanner(values.planner)),
    onError: (error) =>
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
  });
  const app = await serveEngine(engine);
  const stop = (): void => void app.close().then(() => engine.close());
  process.once("SIGTERM", stop).once("SIGINT", stop);
  const address = await app.listen({ host: "127.0.0.1", port: readPort(values.port) });
  process.stdout.write(`${address}/graphql\n`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new UsageError(`not a port: ${text}`);
  return port;
}

function readPlanner(text: string): PlannerKind {
  const kind = PLANNER_KINDS.find((known) => known === text);
  if (kind === undefined) throw new UsageError(`not a planner: ${text}`);
  return kind;
}

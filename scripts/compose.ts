import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { systemClock } from "../foundation/clock.js";
import { openPostgres } from "../foundation/postgres.js";
import { SUBGRAPHS } from "../subgraphs/index.js";
import { composeSupergraph, CompositionError } from "./compose/compose-supergraph.js";
import { lintCosts } from "./compose/lint-costs.js";

const FOLDER = path.resolve(import.meta.dirname, "../schema/generated");
const HELP = `Composes the subgraphs into schema/generated/.

  npm run compose              write the SDL of each subgraph and of the supergraph
  npm run compose -- --check   write nothing; fail when the files differ from the code
`;

const { values } = parseArgs({ options: { check: { type: "boolean" }, help: { type: "boolean" } } });
if (values.help === true) process.stdout.write(HELP);
else process.exitCode = await compose(values.check === true);

async function compose(check: boolean): Promise<number> {
  // The SDL needs no database; the pool is never used.
  const postgres = openPostgres({
    connectionString: "postgres:///none",
    applicationName: "compose",
    poolMax: 1,
    statementTimeoutMs: 0,
  });
  const deps = {
    postgres,
    clock: systemClock,
    verifyPermit: () => Promise.reject(new Error("composition serves nothing")),
    signArtefact: () => Promise.reject(new Error("composition signs nothing")),
  };
  const subgraphs = await Promise.all(Object.values(SUBGRAPHS).map(({ create }) => create(deps)));
  await postgres.close();
  const files = new Map(subgraphs.map(({ name, sdl }) => [`${name}.graphql`, sdl]));
  const supergraph = composeSupergraph(subgraphs);
  const undeclared = lintCosts(supergraph);
  if (undeclared.length > 0) throw new CompositionError(undeclared);
  files.set("supergraph.graphql", supergraph);
  return check ? compare(files) : write(files);
}

async function write(files: ReadonlyMap<string, string>): Promise<number> {
  await mkdir(FOLDER, { recursive: true });
  for (const [name, sdl] of files) await writeFile(path.join(FOLDER, name), sdl);
  process.stdout.write(`wrote ${[...files.keys()].join(", ")}\n`);
  return 0;
}

async function compare(files: ReadonlyMap<string, string>): Promise<number> {
  const stale: string[] = [];
  for (const [name, sdl] of files) {
    const committed = await readFile(path.join(FOLDER, name), "utf8").catch(() => undefined);
    if (committed !== sdl) stale.push(name);
  }
  if (stale.length === 0) return 0;
  process.stderr.write(`schema/generated differs from the code: ${stale.join(", ")}; run npm run compose\n`);
  return 1;
}

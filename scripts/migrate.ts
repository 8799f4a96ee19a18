import { ensureDatabase, startEmbeddedPostgres } from "../foundation/embedded-postgres.js";
import { openPostgres } from "../foundation/postgres.js";
import { dataPaths, readGatewaySettings } from "../gateway/process/settings.js";
import { migrateAll } from "../subgraphs/index.js";

if (process.argv.includes("--help")) {
  process.stdout.write(
    "Brings the database to the newest version; npm start does so too.\n\n  npm run migrate\n",
  );
} else {
  const settings = readGatewaySettings(process.env);
  const embedded =
    settings.databaseUrl === undefined
      ? await startEmbeddedPostgres({ dataDirectory: dataPaths(settings).postgres })
      : undefined;
  if (embedded !== undefined) await ensureDatabase(embedded.connectionString("postgres"), "xinqiao");
  const connectionString = settings.databaseUrl?.reveal() ?? embedded?.connectionString("xinqiao") ?? "";
  const postgres = openPostgres({
    connectionString,
    applicationName: "xinqiao-migrate",
    poolMax: 2,
    statementTimeoutMs: 0,
  });
  const applied = await migrateAll(postgres);
  process.stdout.write(applied.length === 0 ? "up to date\n" : `applied ${applied.join(", ")}\n`);
  await postgres.close();
  await embedded?.stop();
}

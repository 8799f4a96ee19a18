import { AUTHORIZATION_SCHEMAS } from "../authorization-server/index.js";
import { openDatabase } from "../foundation/postgres/open-database.js";
import { ONE_ROLE_WARNING, prepareDatabase } from "../foundation/postgres/prepare-database.js";
import { dataPaths, readGatewaySettings } from "../gateway/process/settings.js";
import { SUBGRAPH_SCHEMAS } from "../subgraphs/index.js";

if (process.argv.includes("--help")) {
  process.stdout.write(
    "Brings the database to the newest version, as the role that owns it; npm start does so too.\n\n  npm run migrate\n",
  );
} else {
  const settings = readGatewaySettings(process.env);
  const database = await openDatabase({
    databaseUrl: settings.databaseUrl?.reveal(),
    ownerUrl: settings.databaseOwnerUrl?.reveal(),
    dataDirectory: dataPaths(settings).postgres,
  });
  const { applied, powers } = await prepareDatabase(database, {
    ...SUBGRAPH_SCHEMAS,
    ...AUTHORIZATION_SCHEMAS,
  });
  process.stdout.write(applied.length === 0 ? "up to date\n" : `applied ${applied.join(", ")}\n`);
  if (powers.length > 0) process.stderr.write(`warning: ${ONE_ROLE_WARNING}\n- ${powers.join("\n- ")}\n`);
  await database.stop();
}

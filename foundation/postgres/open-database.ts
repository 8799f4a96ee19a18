import { ensureApplicationRole, ensureDatabase, startEmbeddedPostgres } from "../embedded-postgres.js";
import type { DatabaseRoles } from "./prepare-database.js";

export interface DatabasePlace {
  /** A server of the operator's own; absent starts or adopts the embedded one. */
  readonly databaseUrl?: string | undefined;
  /** The owner's login on that server, where the roles are apart. */
  readonly ownerUrl?: string | undefined;
  /** Folder of the embedded server. */
  readonly dataDirectory: string;
  /** Further words for the embedded server's command line. */
  readonly flags?: readonly string[];
}

const NAME = "xinqiao";

/** The database of a house, at hand; `stop` ends the embedded server where this process started it. */
export async function openDatabase(
  place: DatabasePlace,
): Promise<DatabaseRoles & { readonly stop: () => Promise<void> }> {
  const { databaseUrl, ownerUrl, dataDirectory, flags = [] } = place;
  if (databaseUrl !== undefined)
    return { connectionString: databaseUrl, ownerConnectionString: ownerUrl, stop: async () => {} };
  const server = await startEmbeddedPostgres({ dataDirectory, flags });
  await ensureDatabase(server.connectionString("postgres"), NAME);
  const ownerConnectionString = server.connectionString(NAME);
  const connectionString = await ensureApplicationRole(ownerConnectionString);
  return { connectionString, ownerConnectionString, stop: () => server.stop() };
}

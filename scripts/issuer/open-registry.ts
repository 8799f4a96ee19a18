import { openRegistry as openOver, AUTHORIZATION_SCHEMAS } from "../../authorization-server/index.js";
import type { Registry } from "../../authorization-server/registry.js";
import { openDatabase } from "../../foundation/postgres/open-database.js";
import { prepareDatabase } from "../../foundation/postgres/prepare-database.js";
import { openPostgres } from "../../foundation/postgres.js";
import type { GatewaySettings } from "../../gateway/config.js";
import { dataPaths, hasOwnIssuer, ownNames } from "../../gateway/process/settings.js";
import { createConsentLedger, createCredentialRegister } from "../../subgraphs/consents/index.js";
import { SUBGRAPH_SCHEMAS } from "../../subgraphs/index.js";

/**
 * The register of clients and accounts, beside a bureau that runs or without one: the embedded database is started where
 * nobody runs it. @throws TypeError when the operator has another issuer
 */
export async function openRegistry(
  settings: GatewaySettings,
): Promise<{ readonly registry: Registry; readonly close: () => Promise<void> }> {
  if (!hasOwnIssuer(settings))
    throw new TypeError("another issuer is configured: clients and accounts are registered there");
  const database = await openDatabase({
    databaseUrl: settings.databaseUrl?.reveal(),
    ownerUrl: settings.databaseOwnerUrl?.reveal(),
    dataDirectory: dataPaths(settings).postgres,
  });
  await prepareDatabase(database, { ...SUBGRAPH_SCHEMAS, ...AUTHORIZATION_SCHEMAS });
  const postgres = openPostgres({
    connectionString: database.connectionString,
    applicationName: "xinqiao-registry",
    poolMax: 4,
    statementTimeoutMs: settings.statementTimeoutMs,
  });
  return {
    registry: openOver({
      issuer: ownNames(settings, settings.port).issuer,
      postgres,
      register: createCredentialRegister({ postgres }),
      ledger: createConsentLedger({ postgres, timeoutMs: settings.statementTimeoutMs }),
    }),
    close: async () => {
      await postgres.close();
      await database.stop();
    },
  };
}

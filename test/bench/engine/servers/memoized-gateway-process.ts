import { systemClock } from "../../../../foundation/clock.js";
import { loadIssuerSecret, loadKeys, openBureau } from "../../../../gateway/process/open-bureau.js";
import { dataPaths, readGatewaySettings, tokenSettings } from "../../../../gateway/process/settings.js";
import { readSources } from "../../../../gateway/receive/documents/read-sources.js";
import { createBudgets } from "../../../../gateway/receive/budgets.js";
import { memoized } from "./open-subgraphs.js";

// As gateway/main.ts starts it, with the same settings, but that the subgraphs in its process answer from memory. No setting
// of the gateway reaches that: the seam is code.
process.once("SIGTERM", () => process.exit(0));

const settings = readGatewaySettings(process.env);
const { port, host, databaseUrl, databaseOwnerUrl } = settings;
const { keys } = dataPaths(settings);
const bureau = await openBureau(
  {
    ...settings,
    connectionString: databaseUrl?.reveal() ?? "",
    ownerConnectionString: databaseOwnerUrl?.reveal(),
    clock: systemClock,
    keys: await loadKeys(keys),
    tokens: tokenSettings(settings, { port, secret: await loadIssuerSecret(keys) }),
    possession: { ...settings, replayGuard: undefined },
    trust: {
      sources: settings.documents === undefined ? [] : await readSources(settings.documents),
      requiredOf: settings.documentsRequired,
    },
    subgraphUrls: new Map(settings.subgraphUrls),
    budgets: createBudgets({ redis: undefined, clock: systemClock, limits: settings }),
    onError: () => {},
  },
  { subgraph: memoized },
);
await bureau.gateway.app.listen({ host, port });

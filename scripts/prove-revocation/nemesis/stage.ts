import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { systemClock } from "../../../foundation/clock.js";
import { ensureDatabase, startEmbeddedPostgres } from "../../../foundation/embedded-postgres.js";
import { openPostgres, type Postgres } from "../../../foundation/postgres.js";
import { createSigner, generateSigningKey, publicKeySet } from "../../../foundation/tokens.js";
import { loadKeys } from "../../../gateway/process/open-bureau.js";
import { createTestIssuer, type TokenRequest } from "../../demo/test-issuer.js";
import { syntheticUscc } from "../../market/uscc.js";
import type { BrokenLedger } from "../broken-ledgers.js";
import { GatewayChild } from "./gateway-child.js";

const ISSUER = "https://issuer.proof.invalid";
const AUDIENCE = "https://xinqiao.proof.invalid";
const DATABASE = "xinqiao";
const PLATFORM = "proof-market";
const MERCHANTS = 12;

/** Where the play is: a real server with its durability switched on, keys, merchants, and gateways on demand. */
export interface Stage {
  readonly merchants: readonly string[];
  /** The driver's own way to the database; no fault is between. */
  readonly admin: Postgres;
  token(request: TokenRequest): Promise<string>;
  startGateway(name: string, defect: BrokenLedger | undefined): Promise<GatewayChild>;
  /** Says of each merchant who it is, through a gateway's own door. */
  publishMerchants(gateway: GatewayChild): Promise<void>;
  close(): Promise<void>;
}

/** The name that a merchant's profile must show, and nobody else's. */
export function legalNameOf(merchant: string): string {
  return `Firm ${merchant}`;
}

/** Starts PostgreSQL in a temporary folder. */
export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-proof-"));
  const server = await startEmbeddedPostgres({
    dataDirectory: path.join(folder, "postgres"),
    flags: ["-c", "max_connections=120", "-c", "shared_buffers=32MB"],
  });
  await ensureDatabase(server.connectionString("postgres"), DATABASE);
  const connectionString = server.connectionString(DATABASE);
  const admin = openPostgres({
    connectionString,
    applicationName: "proof-driver",
    poolMax: 2,
    statementTimeoutMs: 10_000,
  });
  const keysFolder = path.join(folder, "keys");
  // Made once, before two processes look for them at the same time.
  await loadKeys(keysFolder);
  const issuerKey = await generateSigningKey();
  const issue = createTestIssuer({
    signer: await createSigner(issuerKey),
    issuer: ISSUER,
    audience: AUDIENCE,
    clock: systemClock,
  });
  const merchants = Array.from({ length: MERCHANTS }, (_, i) => syntheticUscc("92", i));
  const issuerKeys = publicKeySet([issuerKey]);
  const order = { keysFolder, issuer: ISSUER, audience: AUDIENCE, issuerKeys, database: DATABASE };
  return {
    merchants,
    admin,
    token: issue,
    startGateway: (name, defect) =>
      GatewayChild.start(name, socketOf(connectionString), { ...order, defect }),
    publishMerchants: async (gateway) => {
      const token = await issue({ party: "platform", id: PLATFORM });
      const { status, body } = await gateway.post("/feeds/account", {
        timeoutMs: 30_000,
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/x-ndjson",
          "idempotency-key": "proof-accounts",
        },
        body: merchants.map((merchant) => JSON.stringify(accountOf(merchant))).join("\n"),
      });
      if (status !== 200) throw new Error(`the merchants were not taken: ${status} ${JSON.stringify(body)}`);
    },
    close: async () => {
      await admin.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function accountOf(merchant: string): object {
  return {
    sellerId: `shop-${merchant}`,
    merchantId: merchant,
    legalName: legalNameOf(merchant),
    openedAt: "2020-01-01T00:00:00Z",
  };
}

/** The server's socket, from an address like `postgres:///name?host=FOLDER&user=...`. */
function socketOf(connectionString: string): string {
  const folder = new URLSearchParams(connectionString.split("?")[1]).get("host");
  if (folder === null) throw new Error("the embedded server has no socket folder");
  return path.join(folder, ".s.PGSQL.5432");
}

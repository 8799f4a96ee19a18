import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { systemClock } from "../../../../foundation/clock.js";
import {
  createSigner,
  generateSigningKey,
  type Key,
  publicKeySet,
  thumbprintOf,
} from "../../../../foundation/tokens.js";
import { createTestIssuer } from "../../../../scripts/demo/test-issuer.js";

export const ISSUER = "https://issuer.bench.invalid";
export const AUDIENCE = "https://xinqiao.bench.invalid";

const TOKEN_LIFE_SECONDS = 86_400;

/** Where the banks' tokens come from: an issuer of the operator's own, known to the gateways by its key set. */
export interface BenchIssuer {
  readonly jwksUrl: string;
  /** What bound tokens are bound to. */
  readonly proofKey: Key;
  /** One token a bank, for all purposes and categories, good for a day. */
  tokens(banks: readonly string[], options: { readonly isBound: boolean }): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Serves the key set on 127.0.0.1 until closed. */
export async function openIssuer(): Promise<BenchIssuer> {
  const key = await generateSigningKey();
  const proofKey = await generateSigningKey("ES256");
  const jkt = await thumbprintOf(proofKey);
  const issue = createTestIssuer({
    signer: await createSigner(key),
    issuer: ISSUER,
    audience: AUDIENCE,
    clock: systemClock,
  });
  const text = JSON.stringify(publicKeySet([key]));
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(text);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    jwksUrl: `http://127.0.0.1:${port}/jwks.json`,
    proofKey,
    tokens: (banks, { isBound }) =>
      Promise.all(
        banks.map((id) =>
          issue({
            party: "bank",
            id,
            lifetimeSeconds: TOKEN_LIFE_SECONDS,
            ...(isBound ? { jkt } : {}),
          }),
        ),
      ),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

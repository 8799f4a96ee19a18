import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createSigner,
  createVerifier,
  generateSigningKey,
  type Key,
  publicKeySet,
} from "../../foundation/tokens.js";

let server: Server;
let url: URL;
let fetches = 0;
let served: readonly Key[] = [];
let status = 200;

beforeAll(async () => {
  server = createServer((_request, response) => {
    fetches += 1;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(publicKeySet(served)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const verifier = () =>
  createVerifier({
    keys: { kind: "remote", url, cacheMaxAgeMs: 600_000, cooldownMs: 30_000, timeoutMs: 1_000 },
    algorithms: ["EdDSA"],
    issuer: "https://issuer.test",
    audience: "xinqiao",
    typ: "at+jwt",
    requiredClaims: [],
    clockToleranceSeconds: 5,
    lifetimeMaxSeconds: 3_600,
    charactersMax: 8_192,
    now: () => new Date("2026-03-01T00:00:00Z"),
  });

async function tokenOf(key: Key): Promise<string> {
  const iat = Date.parse("2026-03-01T00:00:00Z") / 1000;
  return (await createSigner(key)).sign("at+jwt", {
    iss: "https://issuer.test",
    aud: "xinqiao",
    iat,
    exp: iat + 60,
    jti: crypto.randomUUID(),
  });
}

describe("a remote key set", () => {
  it("is fetched once for many tokens", async () => {
    const key = await generateSigningKey();
    served = [key];
    fetches = 0;
    const verify = verifier();
    await Promise.all(Array.from({ length: 20 }, async () => verify(await tokenOf(key))));
    expect(fetches).toBe(1);
  });

  it("is not fetched again for a storm of unknown keys within the cool-down", async () => {
    const key = await generateSigningKey();
    served = [key];
    fetches = 0;
    const verify = verifier();
    await verify(await tokenOf(key));
    for (let i = 0; i < 10; i++) {
      await expect(verify(await tokenOf(await generateSigningKey()))).rejects.toMatchObject({
        kind: "invalid",
      });
    }
    expect(fetches).toBe(1);
  });

  it("out of reach is told apart from a bad token, so that the client is asked to come back", async () => {
    status = 500;
    const key = await generateSigningKey();
    await expect(verifier()(await tokenOf(key))).rejects.toMatchObject({ kind: "keys-unavailable" });
    status = 200;
  });
});

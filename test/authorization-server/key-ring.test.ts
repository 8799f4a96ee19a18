import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadKeyRing, rotateKeyRing } from "../../authorization-server/keys/key-ring-file.js";
import {
  type KeyRing,
  publishedKeys,
  rotateRing,
  signingKey,
  stateOfKey,
} from "../../authorization-server/keys/key-ring.js";
import { createVerifier, type Key } from "../../foundation/tokens.js";
import { startTestIssuer, type TestIssuer } from "../support/issuer.js";
import { clientCredentials, introspect, openClient } from "../support/oauth-clients.js";

const START = new Date("2026-03-01T00:00:00Z");
const TIMES = { aheadSeconds: 900, afterSeconds: 660 };
const after = (seconds: number): Date => new Date(START.getTime() + seconds * 1_000);
const named = (kid: string): Key => ({ kty: "EC", crv: "P-256", alg: "ES256", kid });
const kids = (ring: KeyRing): (string | undefined)[] => ring.map(({ jwk }) => jwk.kid);

describe("a ring of signing keys", () => {
  const first = rotateRing([], named("a"), { now: START, times: TIMES });
  const second = rotateRing(first, named("b"), { now: after(100), times: TIMES });

  it("begins with a key that signs at once", () => {
    expect(signingKey(first, START).jwk.kid).toBe("a");
    expect(publishedKeys(first, after(1e9))).toHaveLength(1);
  });

  it("publishes a new key before it signs, to the millisecond", () => {
    expect(kids(publishedKeys(second, after(100)))).toEqual(["a", "b"]);
    expect(signingKey(second, new Date(after(1_000).getTime() - 1)).jwk.kid).toBe("a");
    expect(signingKey(second, after(1_000)).jwk.kid).toBe("b");
  });

  it("publishes the old one until what it signed has expired, and drops it then", () => {
    expect(kids(publishedKeys(second, after(1_659)))).toEqual(["a", "b"]);
    expect(kids(publishedKeys(second, after(1_660)))).toEqual(["b"]);
    expect(kids(rotateRing(second, named("c"), { now: after(2_000), times: TIMES }))).toEqual(["b", "c"]);
  });

  it("says what each key does", () => {
    const states = (at: Date): string[] => second.map((key) => stateOfKey(second, key, at));
    expect(states(after(999))).toEqual(["SIGNING", "NEXT"]);
    expect(states(after(1_000))).toEqual(["RETIRED", "SIGNING"]);
  });

  it("takes no further key while one is waiting", () => {
    expect(() => rotateRing(second, named("c"), { now: after(999), times: TIMES })).toThrow("waiting");
  });
});

describe("the file of the ring", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-ring-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("is made once by processes that start together, for its owner alone", async () => {
    const file = path.join(folder, "keys", "signing.json");
    const rings = await Promise.all(Array.from({ length: 8 }, () => loadKeyRing(file, () => START)));
    expect(new Set(rings.map((ring) => kids(ring).join())).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("is changed by one rotation at a time", async () => {
    const file = path.join(folder, "rotated.json");
    await loadKeyRing(file, () => START);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, () => rotateKeyRing(file, () => START, TIMES)),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await loadKeyRing(file, () => START)).toHaveLength(2);
  });

  it("is refused when it holds something else", async () => {
    const file = path.join(folder, "broken.json");
    await rotateKeyRing(file, () => START, TIMES);
    const { keys } = JSON.parse(await readFile(file, "utf8")) as { keys: { jwk: { d?: string } }[] };
    delete keys[0]?.jwk.d;
    const { writeFile } = await import("node:fs/promises");
    await writeFile(file, JSON.stringify({ keys }));
    await expect(loadKeyRing(file, () => START)).rejects.toThrow("no ring");
  });
});

describe("a rotation under a running server", () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await startTestIssuer();
  });
  afterAll(() => issuer.close());

  it("changes who signs, while tokens of before stay good for whoever has verified them", async () => {
    const bank = await openClient(issuer.issuer, issuer.clients.bank);
    const ask = async (): Promise<string> =>
      (await clientCredentials(bank, { scope: "profile:read", resource: issuer.audience })).access_token;
    const verify = createVerifier({
      keys: { kind: "live", keys: () => issuer.server.keys() },
      algorithms: issuer.server.algorithms,
      issuer: issuer.issuer,
      audience: issuer.audience,
      typ: "at+jwt",
      requiredClaims: ["client_id"],
      clockToleranceSeconds: 5,
      lifetimeMaxSeconds: 900,
      charactersMax: 8_192,
      now: () => new Date(),
    });
    const before = await ask();
    await verify(before);
    const ring = await rotateKeyRing(issuer.keyRingFile, () => new Date(), {
      aheadSeconds: 0,
      afterSeconds: 600,
    });
    await issuer.server.reloadKeys();
    const afterwards = await ask();
    expect(decodeProtectedHeader(afterwards).kid).toBe(ring[1]?.jwk.kid);
    expect(decodeProtectedHeader(before).kid).toBe(ring[0]?.jwk.kid);
    for (const token of [before, afterwards]) {
      expect(await verify(token)).toMatchObject({ sub: "demo-bank" });
      expect(await introspect(bank, token)).toMatchObject({ active: true });
    }
    const published = (await (await fetch(`${issuer.issuer}/jwks`)).json()) as {
      keys: Record<string, unknown>[];
    };
    expect(published.keys.map(({ kid }) => kid)).toEqual(kids(ring));
    for (const key of published.keys) expect(key).not.toHaveProperty("d");
    expect(issuer.errors).toEqual([]);
  });
});

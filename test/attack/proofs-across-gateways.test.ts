import { Redis as Client } from "ioredis";
import { openRedis, type Redis as SharedRedis } from "../../foundation/redis.js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createReplayGuard } from "../../gateway/authenticate/replay-guard.js";
import type { ReplayGuard } from "../../gateway/authenticate/spend-proof.js";
import { ALICE, grant } from "../support/actors.js";
import { makeTestKeys, startTestBureau, type TestBureau } from "../support/bureau.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { craftProof, knock, type KnockOutcome, type ProofRecipe } from "../support/proof-door.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";
import { openTokenDoor, REFUSED, RELEASED, type TokenDoor } from "../support/token-door.js";

let redis: RedisServer;
let database: TestDatabase;
let door: TokenDoor;
let a: TestBureau;
let b: TestBureau;
const guards: SharedRedis[] = [];
let token: string;

/** A guard of a gateway's own on the shared Redis. */
async function guard(): Promise<{ readonly replayGuard: ReplayGuard | undefined }> {
  const opened = await openRedis(redis.url, { connectTimeoutMs: 2_000, commandTimeoutMs: 100 });
  guards.push(opened);
  return { replayGuard: createReplayGuard(opened) };
}

beforeAll(async () => {
  redis = await startRedisServer();
  database = await createTestDatabase();
  const keys = await makeTestKeys();
  const shared = { keys, database: { ...database, drop: async () => {} } };
  door = await openTokenDoor({ ...shared, possession: await guard() });
  a = door.bureau;
  b = await startTestBureau({ ...shared, possession: await guard() });
}, 120_000);

beforeEach(async () => {
  await grant(a, ALICE);
  token = door.token();
});

afterAll(async () => {
  await a.close();
  await b.close();
  for (const opened of guards) await opened.close();
  await redis.stop();
  await database.drop();
});

const proof = (over: Partial<ProofRecipe> = {}) =>
  craftProof({ key: a.proofKey, token, now: a.clock.now(), ...over });
const present = (at: TestBureau, dpop: string): Promise<KnockOutcome> =>
  knock(at.gateway, { headers: { authorization: `DPoP ${token}`, dpop } });

const REPLAYED = { ...REFUSED, code: "DPOP_PROOF_REPLAYED" };
const NONCE = { ...REFUSED, code: "DPOP_NONCE_REQUIRED" };

/** Lets the memory of Redis reach back ten minutes, as it does ten minutes after it was started. */
async function age(): Promise<void> {
  const client = new Client(redis.url);
  const since = Date.now() - 600_000;
  for (let part = 0; part < 16; part += 1) await client.set(`xinqiao:dpop:{${part}}:since`, since);
  await client.quit();
}

describe("T1: two gateways that share a Redis", () => {
  beforeAll(age);

  it("take a proof once between them, without any nonce", async () => {
    const once = proof();
    expect(await present(a, once)).toMatchObject(RELEASED);
    for (const at of [b, a, b]) expect(await present(at, once)).toMatchObject(REPLAYED);
    expect(await present(b, proof())).toMatchObject(RELEASED);
  });

  it("take a proof once when it comes to both at the same time", async () => {
    for (let round = 0; round < 10; round += 1) {
      const once = proof();
      const outcomes = await Promise.all([a, b, a, b].map((at) => present(at, once)));
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual([200, 401, 401, 401]);
    }
  });

  it("would take it twice if they did not remember together", async () => {
    // What a memory in each process, trusted as if it were shared, amounts to.
    const forgetful: ReplayGuard = { claim: async () => ({ memoryMs: Number.POSITIVE_INFINITY }) };
    const c = await startTestBureau({
      keys: a.keys,
      database: { ...database, drop: async () => {} },
      possession: { replayGuard: forgetful },
    });
    const once = proof();
    expect(await present(a, once)).toMatchObject(RELEASED);
    expect(await present(c, once)).toMatchObject(RELEASED);
    await c.close();
  });

  it("keep no client's nonce once it is not needed", async () => {
    const foreign = await present(a, proof({ nonce: "of-another-instance" }));
    expect(foreign).toMatchObject({ ...NONCE, nonce: "shared" });
    for (const at of [a, b])
      expect(await present(at, proof({ nonce: foreign.nonce }))).toMatchObject(RELEASED);
  });
});

describe("T1: a Redis that was flushed", () => {
  it("is not taken for one that saw nothing: what was used before is refused, and asked for a nonce", async () => {
    await age();
    const before = proof();
    expect(await present(a, before)).toMatchObject(RELEASED);
    const client = new Client(redis.url);
    await client.flushall();
    await client.quit();
    for (const at of [a, b]) {
      // The first to come makes the memory's new beginning; the second finds the proof in it.
      expect((await present(at, before)).code).toMatch(/^DPOP_(NONCE_REQUIRED|PROOF_REPLAYED)$/);
      const refused = await present(at, proof());
      expect(refused).toMatchObject(NONCE);
      const withNonce = proof({ nonce: refused.nonce });
      expect(await present(at, withNonce)).toMatchObject(RELEASED);
      expect(await present(at, withNonce)).toMatchObject(REPLAYED);
    }
  });

  it("is trusted again once its memory reaches back far enough", async () => {
    await age();
    const once = proof();
    expect(await present(b, once)).toMatchObject(RELEASED);
    expect(await present(a, once)).toMatchObject(REPLAYED);
  });
});

describe("T1: a Redis that dies and comes back", () => {
  it("leaves both gateways with nonces of their own, and neither takes what any has taken", async () => {
    await age();
    const before = proof();
    expect(await present(a, before)).toMatchObject(RELEASED);
    await redis.kill();
    for (const at of [a, b]) expect(await present(at, before)).toMatchObject(NONCE);

    const ofA = (await present(a, proof())).nonce;
    const ofB = (await present(b, proof())).nonce;
    expect(ofA).not.toBe(ofB);
    const atA = proof({ nonce: ofA });
    const foreign = await present(b, atA);
    expect(foreign).toMatchObject({ ...NONCE, nonce: ofB });
    expect(await present(a, atA)).toMatchObject(RELEASED);
    expect(await present(a, atA)).toMatchObject(REPLAYED);
    expect(await present(b, atA)).toMatchObject(NONCE);
    expect(await present(b, proof({ nonce: ofB }))).toMatchObject(RELEASED);

    redis = await startRedisServer({ port: Number(new URL(redis.url).port) });
    // Empty and young: it cannot know what was used while it was away.
    for (const at of [a, b]) expect((await present(at, atA)).status).toBe(401);
    await age();
    await expect
      .poll(async () => (await present(a, proof())).status, { timeout: 10_000, interval: 200 })
      .toBe(200);
    await expect
      .poll(async () => (await present(b, proof())).status, { timeout: 10_000, interval: 200 })
      .toBe(200);
    const after = proof();
    expect(await present(b, after)).toMatchObject(RELEASED);
    expect(await present(a, after)).toMatchObject(REPLAYED);
    const backAtA = await present(a, proof({ nonce: ofA }));
    expect(backAtA).toMatchObject({ ...RELEASED, nonce: "shared" });
  }, 60_000);
});

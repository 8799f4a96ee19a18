import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createSigner,
  createVerifier,
  generateSigningKey,
  type Key,
  publicKeySet,
} from "../../../foundation/tokens.js";
import { craft, signerOf } from "../../support/craft-token.js";
import { type Listener, openListener } from "../../support/outbound.js";

let server: Listener;
let elsewhere: Listener;
let problems: string[];
const key = await generateSigningKey();

beforeAll(async () => {
  server = await openListener();
  elsewhere = await openListener(setOf(key));
});
beforeEach(() => {
  problems = [];
  server.requests.length = 0;
  serve(setOf(key));
});
afterAll(async () => {
  await server.close();
  await elsewhere.close();
});

const setOf = (...keys: readonly Key[]): string => JSON.stringify(publicKeySet(keys));
const serve = (body: string, status = 200, headers: Record<string, string> = {}): void => {
  server.answer = { status, body, headers };
};
const verifier = (cooldownMs = 30_000, cacheMaxAgeMs = 600_000) =>
  createVerifier({
    keys: {
      kind: "remote",
      url: new URL(`${server.url}/jwks.json`),
      cacheMaxAgeMs,
      cooldownMs,
      timeoutMs: 500,
    },
    algorithms: ["EdDSA"],
    issuer: "https://issuer.test",
    audience: "xinqiao",
    typ: "at+jwt",
    requiredClaims: [],
    clockToleranceSeconds: 5,
    lifetimeMaxSeconds: 3_600,
    charactersMax: 8_192,
    now: () => new Date("2026-03-01T00:00:00Z"),
    onKeyProblem: (problem) => problems.push(problem),
  });

const claims = () => {
  const iat = Date.parse("2026-03-01T00:00:00Z") / 1000;
  return { iss: "https://issuer.test", aud: "xinqiao", iat, exp: iat + 60, jti: crypto.randomUUID() };
};
const tokenOf = async (by: Key): Promise<string> => (await createSigner(by)).sign("at+jwt", claims());
const nameless = (by: Key): string =>
  craft({ header: { alg: by.alg, typ: "at+jwt" }, payload: claims() }, signerOf(by));

const UNAVAILABLE = { kind: "keys-unavailable" };
const INVALID = { kind: "invalid" };

describe("a remote key set", () => {
  it("is fetched once for many tokens", async () => {
    const verify = verifier();
    await Promise.all(Array.from({ length: 20 }, async () => verify(await tokenOf(key))));
    expect(server.requests).toHaveLength(1);
  });

  it("is not fetched again for a storm of unknown keys within the cool-down", async () => {
    const verify = verifier();
    await verify(await tokenOf(key));
    for (let i = 0; i < 10; i++)
      await expect(verify(await tokenOf(await generateSigningKey()))).rejects.toMatchObject(INVALID);
    expect(server.requests).toHaveLength(1);
  });

  it("is fetched for a new key once the cool-down is over, and the old one then no longer counts", async () => {
    const verify = verifier(0);
    const next = await generateSigningKey();
    await verify(await tokenOf(key));
    serve(setOf(next));
    await expect(verify(await tokenOf(next))).resolves.toBeDefined();
    await expect(verify(await tokenOf(key))).rejects.toMatchObject(INVALID);
  });

  it("needs no kid while it has one key, and insists on one when it has several", async () => {
    await expect(verifier()(nameless(key))).resolves.toBeDefined();
    serve(setOf(key, await generateSigningKey("ES256")));
    await expect(verifier()(nameless(key))).rejects.toMatchObject(INVALID);
    await expect(verifier()(await tokenOf(key))).resolves.toBeDefined();
  });
});

describe("a remote key set that cannot be trusted whole", () => {
  it("verifies with its good keys and reports the others", async () => {
    const weak = await generateSigningKey("ES256");
    serve(JSON.stringify({ keys: [...publicKeySet([key]).keys, weak] }));
    const verify = verifier();
    await expect(verify(await tokenOf(key))).resolves.toBeDefined();
    await expect(verify(await tokenOf(weak))).rejects.toMatchObject(INVALID);
    expect(problems).toEqual(["key 2 of the set: a private or secret key"]);
  });

  it("blames the key set and not the token when no key is left", async () => {
    serve(JSON.stringify({ keys: [key] }));
    await expect(verifier()(await tokenOf(key))).rejects.toMatchObject(UNAVAILABLE);
    expect(problems).toEqual(["key 1 of the set: a private or secret key", "no key of the set is admitted"]);
  });

  it("is asked where it was configured, and no redirect is followed", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      serve("", status, { location: `${elsewhere.url}/jwks.json` });
      await expect(verifier()(await tokenOf(key))).rejects.toMatchObject(UNAVAILABLE);
    }
    expect(elsewhere.requests).toEqual([]);
  });

  it.each([
    ["an error", 500, "{}", "the key set answered with status 500"],
    ["nothing there", 404, "{}", "the key set answered with status 404"],
    ["no JSON", 200, "<html>", "the key set is not JSON"],
    ["a list", 200, "[]", "the key set is not a JSON object"],
    ["no keys", 200, "{}", "the key set has no keys"],
    ["keys that are no list", 200, '{"keys":{}}', "the key set has no keys"],
    ["no key at all", 200, '{"keys":[]}', "no key of the set is admitted"],
    ["its keys twice", 200, '{"keys":[],"keys":[]}', "the key set is a member twice"],
    [
      "a name of the prototype",
      200,
      '{"keys":[{"__proto__":{}}]}',
      "the key set is a member named like the prototype",
    ],
    [
      "JSON nested too deeply",
      200,
      `{"keys":${"[".repeat(9)}${"]".repeat(9)}}`,
      "the key set is nested too deeply",
    ],
    ["more than 256 KiB", 200, `{"keys":[],"x":"${"x".repeat(300_000)}"}`, "the key set is too large"],
  ])("answering with %s makes no token valid or invalid", async (_what, status, body, problem) => {
    serve(body, status);
    await expect(verifier()(await tokenOf(key))).rejects.toMatchObject(UNAVAILABLE);
    expect(problems).toEqual([problem]);
  });

  it("that does not answer is given up", async () => {
    server.answer = undefined;
    await expect(verifier()(await tokenOf(key))).rejects.toMatchObject(UNAVAILABLE);
    expect(problems).toEqual(["the key set could not be fetched"]);
  });
});

describe("a key set whose server fails", () => {
  it("is not asked by every token while it was never read: the failure is repeated for a second", async () => {
    serve("{}", 500);
    const verify = verifier();
    for (let i = 0; i < 10; i++) await expect(verify(await tokenOf(key))).rejects.toMatchObject(UNAVAILABLE);
    expect(server.requests).toHaveLength(1);
  });

  it("is asked once in a cool-down by a storm of unknown keys, and known keys go on verifying", async () => {
    const verify = verifier(250);
    await verify(await tokenOf(key));
    serve("{}", 500);
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let i = 0; i < 10; i++)
      await expect(verify(await tokenOf(await generateSigningKey()))).rejects.toMatchObject(UNAVAILABLE);
    await expect(verify(await tokenOf(key))).resolves.toBeDefined();
    expect(server.requests.length).toBeLessThan(10);
  });
});

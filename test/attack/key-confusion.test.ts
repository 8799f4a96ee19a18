import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { generateSigningKey, publicKeySet } from "../../foundation/tokens.js";
import { requireKnownMembers } from "../../foundation/tokens/text-rules.js";
import { makeTestKeys } from "../support/bureau.js";
import { craft, signerOf } from "../support/craft-token.js";
import { type Listener, openListener, type SocketSpy, spyOnSockets } from "../support/outbound.js";
import { openTokenDoor, REFUSED, RELEASED, type TokenDoor } from "../support/token-door.js";
import { withoutRules } from "../support/without-rule.js";

// The rule works, and can be switched off: an attack that it refuses must succeed without it.
vi.mock("../../foundation/tokens/text-rules.js", { spy: true });

let door: TokenDoor;
/** An address that nobody has a reason to call. */
let decoy: Listener;
let sockets: SocketSpy;
const mine = await generateSigningKey();

beforeAll(async () => {
  door = await openTokenDoor();
  decoy = await openListener(JSON.stringify(publicKeySet([mine])));
  sockets = spyOnSockets();
  // Everything that opens lazily is open.
  await door.ask(door.token());
});
beforeEach(() => {
  decoy.requests.length = 0;
  sockets.targets.length = 0;
});
afterAll(async () => {
  sockets.restore();
  await decoy.close();
  await door.bureau.close();
});

/** Sockets to anywhere but the database's own, which is a path. */
const outbound = () => sockets.targets.filter((target) => !target.startsWith("/"));

describe("T3: kid as something to be interpreted", () => {
  it.each([
    ["a path", "../../dev/null"],
    ["an absolute path", "/dev/null"],
    ["NUL", "kid\u0000"],
    ["SQL", "' UNION SELECT 'key' --"],
    ["a command", "x;curl 127.0.0.1"],
    ["one megabyte", "k".repeat(1_000_000)],
    ["more than 128 characters", "k".repeat(129)],
    ["an empty text", ""],
    ["a space", " "],
    ["a line break", "kid\r\nx: y"],
    ["an array", ["kid"]],
    ["an object", { kid: "kid" }],
    ["a number", 0],
    ["null", null],
    ["true", true],
    ["__proto__", "__proto__"],
    ["constructor", "constructor"],
    ["toString", "toString"],
    ["an address", "http://127.0.0.1/jwks.json"],
  ])("refuses %s", async (_what, kid) => {
    for (const key of [mine, door.bureau.keys.issuer]) {
      const token = craft({ header: door.header({ kid }), payload: door.claims() }, signerOf(key));
      expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    }
    expect(outbound()).toEqual([]);
  });
});

describe("T3: a header that points to a key", () => {
  const places: readonly (() => string)[] = [
    () => `${decoy.url}/jwks.json`,
    () => decoy.url.replace("127.0.0.1", "localhost"),
    () => decoy.url.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
    () => "http://169.254.169.254/latest/meta-data/",
    () => `file://${"/etc"}/passwd`,
    () => "gopher://127.0.0.1:6379/_FLUSHALL",
  ];

  it("is watched by a listener and a spy that do see a request", async () => {
    await fetch(`${decoy.url}/here`);
    expect(decoy.requests).toEqual(["/here"]);
    expect(outbound()).toHaveLength(1);
  });

  it.each(["jku", "x5u"])("refuses %s to anywhere and asks nobody", async (member) => {
    for (const place of places) {
      for (const key of [mine, door.bureau.keys.issuer]) {
        const header = door.header({ [member]: place(), kid: key.kid });
        const token = craft({ header, payload: door.claims() }, signerOf(key));
        expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
      }
    }
    expect(decoy.requests).toEqual([]);
    expect(outbound()).toEqual([]);
  });

  const members: readonly (readonly [name: string, value: () => unknown])[] = [
    ["jku", () => `${decoy.url}/jwks.json`],
    ["x5u", () => `${decoy.url}/cert.pem`],
    ["x5c", () => [Buffer.from("certificate").toString("base64")]],
    ["x5t", () => "AAAA"],
    ["x5t#S256", () => "AAAA"],
    ["jwk", () => publicKeySet([mine]).keys[0]],
    ["crit", () => ["exp"]],
    ["b64", () => false],
    ["zip", () => "DEF"],
    ["enc", () => "A256GCM"],
    ["cty", () => "JWT"],
    ["nonce", () => "n"],
  ];
  it.each(members)("refuses %s, even in a token that the issuer signed", async (member, value) => {
    const token = door.token({}, { [member]: value() });
    expect(await door.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
    // Without the rule what the issuer signed is believed; the library itself refuses only what is critical.
    expect(await withoutRules([requireKnownMembers], () => door.ask(token))).toMatchObject(
      member === "crit" ? REFUSED : RELEASED,
    );
    expect(decoy.requests).toEqual([]);
    expect(outbound()).toEqual([]);
  });
});

describe("T3: a storm of unknown keys", () => {
  async function storm(cooldownMs: number): Promise<number> {
    const keys = await makeTestKeys();
    const issuer = await openListener(JSON.stringify(publicKeySet([keys.issuer])));
    const remote = { cacheMaxAgeMs: 600_000, cooldownMs, timeoutMs: 2_000 };
    const stormed = await openTokenDoor({
      keys,
      keySource: { kind: "remote", url: new URL(`${issuer.url}/jwks.json`), ...remote },
    });
    try {
      expect(await stormed.ask(stormed.token())).toMatchObject(RELEASED);
      for (let index = 0; index < 20; index += 1) {
        const header = stormed.header({ kid: `unknown-${index}` });
        const token = craft({ header, payload: stormed.claims() }, signerOf(mine));
        expect(await stormed.ask(token)).toMatchObject({ ...REFUSED, code: "TOKEN_INVALID" });
      }
      return issuer.requests.length;
    } finally {
      await stormed.bureau.close();
      await issuer.close();
    }
  }

  it("fetches the key set once while the cool-down lasts", async () => {
    expect(await storm(600_000)).toBe(1);
  });

  it("would fetch it for each of them without a cool-down", async () => {
    expect(await storm(0)).toBe(21);
  });
});

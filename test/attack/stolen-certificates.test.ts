import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { checkCertificate } from "../../gateway/authenticate/check-certificate.js";
import { ALICE, grant, PROFILE } from "../support/actors.js";
import { makeCertificate } from "../support/certificate.js";
import { wayIn } from "../support/doors.js";
import { knock, type KnockOutcome } from "../support/proof-door.js";
import { openTokenDoor, REFUSED, RELEASED, type TokenDoor } from "../support/token-door.js";
import { withoutRules } from "../support/without-rule.js";

// The rule works, and can be switched off: an attack that it refuses must succeed without it.
vi.mock("../../gateway/authenticate/check-certificate.js", { spy: true });

const TERMINATOR = "10.1.2.3";
const own = makeCertificate("demo-bank");
const other = makeCertificate("other-bank");
const large = makeCertificate("large-bank", 7_000);

let door: TokenDoor;

beforeAll(async () => {
  door = await openTokenDoor({
    possession: {
      tlsTerminators: [
        { address: "10.1.2.0", family: "ipv4", prefixBits: 24 },
        { address: "fd00::", family: "ipv6", prefixBits: 8 },
      ],
    },
  });
});
beforeEach(async () => {
  await grant(door.bureau, ALICE);
});
afterAll(async () => door.bureau.close());

const token = (thumbprint = own.thumbprint) => door.token({ cnf: { "x5t#S256": thumbprint } });
const present = (
  certificate: string | undefined,
  over: { readonly scheme?: string; readonly token?: string; readonly remoteAddress?: string } = {},
): Promise<KnockOutcome> =>
  knock(door.bureau.gateway, {
    headers: {
      authorization: `${over.scheme ?? "Bearer"} ${over.token ?? token()}`,
      ...(certificate === undefined ? {} : { "client-cert": certificate }),
    },
    remoteAddress: over.remoteAddress ?? TERMINATOR,
  });

const MISMATCH = { ...REFUSED, code: "TOKEN_BINDING_MISMATCH" };

describe("T1: a token that is bound to a certificate", () => {
  it("opens the door with that certificate, from a pinned terminator in either notation", async () => {
    for (const remoteAddress of [TERMINATOR, `::ffff:${TERMINATOR}`, "fd00::7"])
      expect(await present(own.header, { remoteAddress })).toMatchObject(RELEASED);
  });

  it("is refused with another client's certificate", async () => {
    const attack = () => present(other.header);
    expect(await attack()).toMatchObject(MISMATCH);
    expect(await withoutRules([checkCertificate], attack)).toMatchObject(RELEASED);
  });

  it("is refused without one, and in the scheme of proofs", async () => {
    expect(await present(undefined)).toMatchObject(MISMATCH);
    expect(await present(own.header, { scheme: "DPoP" })).toMatchObject(MISMATCH);
  });

  it.each(["127.0.0.1", "10.1.3.3", "::1", "::ffff:10.1.3.3", "fe80::7"])(
    "is refused when %s, which is no pinned terminator, forges the header",
    async (remoteAddress) => {
      expect(await present(own.header, { remoteAddress })).toMatchObject(MISMATCH);
      const bound = { token: token(), remoteAddress };
      expect(await present(own.header, bound)).toMatchObject(MISMATCH);
    },
  );

  it("is refused when a forwarded address pretends to be the terminator", async () => {
    const reply = await knock(door.bureau.gateway, {
      headers: {
        authorization: `Bearer ${token()}`,
        "client-cert": own.header,
        "x-client-cert": own.header,
        "x-forwarded-for": TERMINATOR,
        forwarded: `for=${TERMINATOR}`,
        "x-real-ip": TERMINATOR,
      },
    });
    expect(reply).toMatchObject(MISMATCH);
  });

  it("would open to a forged header if its sender were pinned", async () => {
    const pinned = await openTokenDoor({
      keys: door.bureau.keys,
      possession: { tlsTerminators: [{ address: "127.0.0.1", family: "ipv4", prefixBits: 32 }] },
    });
    const headers = { authorization: `Bearer ${token()}`, "client-cert": own.header };
    expect(await knock(pinned.bureau.gateway, { headers })).toMatchObject(RELEASED);
    await pinned.bureau.close();
  });
});

describe("T1: a Client-Cert header that is not one certificate", () => {
  const base64 = own.header.slice(1, -1);
  it.each([
    ["two values in one", `${own.header}, ${own.header}`],
    ["another's first", `${other.header}, ${own.header}`],
    ["no colons", base64],
    ["one colon", `:${base64}`],
    ["PEM", `-----BEGIN CERTIFICATE-----${base64}-----END CERTIFICATE-----`],
    ["percent-encoded PEM", encodeURIComponent(base64)],
    ["base64url", `:${own.der.toString("base64url")}:`],
    ["no padding", `:${Buffer.from("xx").toString("base64").replaceAll("=", "")}:`],
    ["base64 that is not canonical", `:${base64.replace(/.(=*)$/, "_$1")}:`],
    ["a space inside", `:${base64.slice(0, 40)} ${base64.slice(40)}:`],
    ["parameters", `${own.header};a=1`],
    ["nothing", "::"],
    ["bytes that are no certificate", `:${Buffer.from("certificate").toString("base64")}:`],
    ["a byte after the certificate", `:${Buffer.concat([own.der, Buffer.from([0])]).toString("base64")}:`],
    ["a certificate of 7 kB", large.header],
  ])("is refused: %s", async (_what, header) => {
    const bound = { token: token(large.header === header ? large.thumbprint : own.thumbprint) };
    expect(await present(header, bound)).toMatchObject(MISMATCH);
  });

  it("is refused as two header lines, over real HTTP", async () => {
    const pinned = await openTokenDoor({
      keys: door.bureau.keys,
      possession: { tlsTerminators: [{ address: "127.0.0.1", family: "ipv4", prefixBits: 32 }] },
    });
    const { app } = pinned.bureau.gateway;
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const send = async (certificates: readonly string[]): Promise<number | undefined> => {
      const { path, body } = wayIn(pinned.bureau.gateway, { query: PROFILE, variables: { id: ALICE } });
      const request = httpRequest({ port, host: "127.0.0.1", path, method: "POST" });
      request.setHeader("content-type", "application/json");
      request.setHeader("authorization", `Bearer ${token()}`);
      request.setHeader("client-cert", certificates);
      request.end(JSON.stringify(body));
      const [response] = (await once(request, "response")) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      return response.statusCode;
    };
    expect(await send([own.header])).toBe(200);
    expect(await send([own.header, own.header])).toBe(401);
    expect(await send([other.header, own.header])).toBe(401);
    await pinned.bureau.close();
  });
});

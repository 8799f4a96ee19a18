import { createHash } from "node:crypto";
import type { Gateway } from "../../gateway/process/create-gateway.js";
import { publicKeySet } from "../../foundation/tokens.js";
import { ALICE, PROFILE } from "./actors.js";
import { craft, signerOf } from "./craft-token.js";
import { PUBLIC_URL, type ProofKey } from "./proofs.js";
import { DOOR_PATH, wayIn } from "./doors.js";
import type { Outcome } from "./token-door.js";

type Members = Readonly<Record<string, unknown>>;

/** What an honest proof is made of, and what is changed in it; `undefined` leaves a member out. */
export interface ProofRecipe {
  readonly key: ProofKey;
  readonly token: string;
  readonly now: Date;
  readonly nonce?: string | undefined;
  readonly claims?: Members;
  readonly header?: Members;
}

/** A DPoP proof for one GraphQL request, written by hand. */
export function craftProof({ key, token, now, nonce, claims = {}, header = {} }: ProofRecipe): string {
  const [{ kty, crv, x, y, n, e } = key.privateKey] = publicKeySet([key.privateKey]).keys;
  const jwk = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e })) as object;
  const payload = {
    jti: crypto.randomUUID(),
    htm: "POST",
    htu: PUBLIC_URL + DOOR_PATH,
    iat: Math.floor(now.getTime() / 1_000),
    ath: createHash("sha256").update(token).digest("base64url"),
    nonce,
    ...claims,
  };
  return craft(
    { header: { alg: key.privateKey.alg, typ: "dpop+jwt", jwk, ...header }, payload },
    signerOf(key.privateKey),
  );
}

/** One inquiry as it is put on the wire: every header is the caller's. */
export interface Knock {
  readonly headers: Readonly<Record<string, string>>;
  /** The peer of the connection. Default 127.0.0.1. */
  readonly remoteAddress?: string;
  readonly path?: string;
}

export interface KnockOutcome extends Outcome {
  readonly nonce: string | undefined;
}

/** Asks for the profile and adds nothing. */
export async function knock(
  gateway: Gateway,
  { headers, remoteAddress, path }: Knock,
): Promise<KnockOutcome> {
  const way = wayIn(gateway, { query: PROFILE, variables: { id: ALICE } });
  const reply = await gateway.app.inject({
    method: "POST",
    url: path ?? way.path,
    headers: { "content-type": "application/json", ...headers },
    payload: JSON.stringify(way.body),
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  });
  const { data, errors } = reply.json();
  return {
    status: reply.statusCode,
    code: errors?.[0]?.extensions.code,
    merchant: data?.merchant ?? null,
    challenge: String(reply.headers["www-authenticate"] ?? ""),
    nonce: reply.headers["dpop-nonce"] as string | undefined,
  };
}

import { ALICE, grant, PROFILE, publishTwoMerchants } from "./actors.js";
import { type Key, type KeySource, publicKeySet, type TokenAlgorithm } from "../../foundation/tokens.js";
import {
  AUDIENCE,
  ISSUER,
  makeTestKeys,
  startTestBureau,
  type TestBureau,
  type TestBureauOptions,
} from "./bureau.js";
import { craft, signerOf } from "./craft-token.js";
import { rememberKey } from "./proofs.js";

/** What became of one inquiry. */
export interface Outcome {
  readonly status: number;
  readonly code: unknown;
  /** The profile, where it came out. */
  readonly merchant: unknown;
  readonly challenge: string;
}

/** A whole bureau with something to steal, and every way to make a token for it. */
export interface TokenDoor {
  readonly bureau: TestBureau;
  /** Claims of an honest bank, bound to the bureau's proof key, with a fresh id; `undefined` leaves one out. */
  claims(over?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** The header of an honest token. */
  header(over?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** An honest token but for what is changed, signed by the issuer. */
  token(over?: Readonly<Record<string, unknown>>, headerOver?: Readonly<Record<string, unknown>>): string;
  /** Asks for the profile with a token and a proof that is as good as any. */
  ask(token: string): Promise<Outcome>;
}

/** `issuers` are keys that the issuer publishes beside the bureau's own. */
export async function openTokenDoor(
  options: TestBureauOptions & {
    readonly issuers?: readonly Key[];
    readonly algorithms?: readonly TokenAlgorithm[];
    readonly keySource?: KeySource;
  } = {},
): Promise<TokenDoor> {
  const keys = options.keys ?? (await makeTestKeys());
  const local: KeySource = {
    kind: "local",
    keys: publicKeySet([keys.issuer, ...(options.issuers ?? [])]),
  };
  const tokens = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: options.algorithms ?? (["EdDSA", "ES256"] as const),
    keys: options.keySource ?? local,
    clockToleranceSeconds: 5,
  } as const;
  const bureau = await startTestBureau({ ...options, keys, settings: { tokens, ...options.settings } });
  await publishTwoMerchants(bureau);
  await grant(bureau, ALICE);
  const { issuer } = bureau.keys;
  const claims: TokenDoor["claims"] = (over = {}) => honestClaims(bureau, over);
  const header: TokenDoor["header"] = (over = {}) =>
    defined({ alg: issuer.alg, typ: "at+jwt", kid: issuer.kid, ...over });
  return {
    bureau,
    claims,
    header,
    token: (over, headerOver) =>
      craft({ header: header(headerOver), payload: claims(over) }, signerOf(issuer)),
    ask: (token) => askFor(bureau, token),
  };
}

async function askFor(bureau: TestBureau, token: string): Promise<Outcome> {
  rememberKey(token, bureau.proofKey, bureau.clock);
  let reply = await bureau.graphql(token, PROFILE, { id: ALICE });
  if (reply.errors[0]?.extensions["code"] === "CONSENT_EXHAUSTED") {
    await grant(bureau, ALICE);
    reply = await bureau.graphql(token, PROFILE, { id: ALICE });
  }
  return {
    status: reply.status,
    code: reply.errors[0]?.extensions["code"],
    merchant: reply.data?.merchant ?? null,
    challenge: String(reply.headers["www-authenticate"] ?? ""),
  };
}

function honestClaims(bureau: TestBureau, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const iat = Math.floor(bureau.clock.now().getTime() / 1_000);
  return defined({
    iss: ISSUER,
    aud: AUDIENCE,
    sub: "demo-bank",
    client_id: "bank:demo-bank",
    party: "bank",
    scope: "profile:read",
    iat,
    exp: iat + 600,
    jti: crypto.randomUUID(),
    cnf: { jkt: bureau.proofKey.jkt },
    authorization_details: [
      {
        type: "merchant_credit_profile",
        purposes: ["PRE_LOAN_ASSESSMENT"],
        datatypes: ["IDENTITY", "TRANSACTIONS"],
      },
    ],
    ...over,
  });
}

function defined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

/** What the answer of a refused token looks like; `toMatchObject` takes it. */
export const REFUSED = { status: 401, merchant: null } as const;

/** What the honest bank gets, so that a refusal means something. */
export const RELEASED = { status: 200, merchant: { identity: { legalName: "Alice Trading" } } } as const;

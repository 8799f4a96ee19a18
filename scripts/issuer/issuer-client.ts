import type { webcrypto } from "node:crypto";
import * as oidc from "openid-client";
import { readKey } from "../../foundation/key-store.js";
import { generateSigningKey, type Key } from "../../foundation/tokens.js";

/** A client of the authorization server, with the key that it proves itself with and one that tokens are bound to. */
export interface IssuerClient {
  readonly config: oidc.Configuration;
  /** The resource that tokens are for. */
  readonly resource: string;
  /** The private key of `dpop`, for proofs of requests that others send. */
  readonly proofKey: Key;
  readonly dpop: oidc.DPoPHandle;
}

const ES256 = { name: "ECDSA", namedCurve: "P-256" } as const;

/**
 * Reads the metadata of a bureau's authorization server (RFC 8414), and makes a client of it.
 * @throws TypeError when the client's key is not in the file, or nobody answers
 */
export async function openIssuerClient(
  url: string,
  client: { readonly id: string; readonly keyFile: string },
): Promise<IssuerClient> {
  const key = await readKey(client.keyFile);
  if (key === undefined)
    throw new TypeError(
      `there is no key of ${client.id} in ${client.keyFile}: is it a client of the market?`,
    );
  const authentication = oidc.PrivateKeyJwt({ key: await importKey(key, "sign"), kid: key.kid ?? "" });
  const isPlain = url.startsWith("http:");
  const config = await oidc
    .discovery(
      new URL(`${url}/oauth`),
      client.id,
      { id_token_signed_response_alg: "ES256" },
      authentication,
      {
        algorithm: "oauth2",
        ...(isPlain ? { execute: [oidc.allowInsecureRequests] } : {}),
      },
    )
    .catch((error: unknown) => {
      throw new TypeError(`no authorization server answers at ${url}/oauth: is the bureau running?`, {
        cause: error,
      });
    });
  const proofKey = await generateSigningKey("ES256");
  const pair = {
    privateKey: await importKey(proofKey, "sign"),
    publicKey: await importKey(proofKey, "verify"),
  };
  const [resource = url] =
    (config.serverMetadata()["protected_resources"] as readonly string[] | undefined) ?? [];
  return { config, resource, proofKey, dpop: oidc.getDPoPHandle(config, pair) };
}

async function importKey(key: Key, use: "sign" | "verify"): Promise<webcrypto.CryptoKey> {
  const { kty, crv, x, y, d } = key as Record<string, string>;
  const jwk = { kty, crv, x, y, ...(use === "sign" ? { d } : {}) };
  return crypto.subtle.importKey("jwk", jwk as webcrypto.JsonWebKey, ES256, true, [use]);
}

/** The server's own words where it refused. */
export function explain(error: unknown): string {
  if (error instanceof oidc.ResponseBodyError || error instanceof oidc.AuthorizationResponseError)
    return `${error.error}${error.error_description === undefined ? "" : `: ${error.error_description}`}`;
  return error instanceof Error ? error.message : String(error);
}

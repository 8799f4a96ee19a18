import type Provider from "oidc-provider";
import type { KoaContextWithOIDC } from "oidc-provider";
import type { ConfigurationParts } from "./configuration-parts.js";
import { createConfiguration } from "./configuration.js";
import { inProtocol } from "./oauth-errors.js";
import { Provider as OidcProvider } from "../provider.js";
import type { ModelStore } from "../store/model-store.js";

/** Something that went wrong at an endpoint, for the log: never a token or a key. */
export interface Refusal {
  readonly endpoint: string;
  readonly clientId: string | undefined;
  /** The protocol's error code. */
  readonly error: string;
  readonly detail: string | undefined;
}

export interface ProviderParts extends ConfigurationParts {
  readonly store: ModelStore;
  readonly onError: (error: unknown) => void;
  readonly onRefusal: (refusal: Refusal) => void;
}

/** Events of refusals, by endpoint. */
const REFUSALS = [
  "authorization.error",
  "backchannel_authentication.error",
  "grant.error",
  "introspection.error",
  "pushed_authorization_request.error",
  "revocation.error",
] as const;

/** One oidc-provider over our store. Its keys are fixed: when the ring changes, another is built. */
export function buildProvider(parts: ProviderParts): Provider {
  const provider = new OidcProvider(parts.issuer, createConfiguration(parts));
  // The mount anchors the forwarded headers to the issuer; what a client sends in them does not reach here.
  provider.proxy = true;
  // The package looks first and keeps afterwards; two instances could both find nothing (RFC 9449 section 11.1).
  provider.ReplayDetection.unique = (iss, jti, exp) =>
    inProtocol(() => {
      const lifetimeSeconds = Math.max(1, Math.ceil(exp - parts.now().getTime() / 1_000));
      return parts.store.claimOnce(JSON.stringify([iss, jti]), lifetimeSeconds);
    });
  provider.use(async (ctx, next) => {
    await next();
    const { oidc } = ctx as KoaContextWithOIDC;
    if (oidc?.route === "discovery") Object.assign(ctx.body as object, metadataOf(parts));
    if (oidc?.route === "jwks") ctx.set("cache-control", "public, max-age=300");
  });
  provider.on("server_error", (_ctx, error) => parts.onError(error));
  for (const event of REFUSALS)
    (provider as NodeJS.EventEmitter).on(event, (ctx: KoaContextWithOIDC, error: RefusalError) =>
      parts.onRefusal({
        endpoint: event.split(".")[0] ?? "",
        clientId: ctx.oidc.client?.clientId,
        error: error.error ?? error.message,
        detail: error.error_detail ?? error.error_description,
      }),
    );
  return provider;
}

interface RefusalError extends Error {
  readonly error?: string;
  readonly error_detail?: string;
  readonly error_description?: string;
}

/** What the package does not say of itself (RFC 8414 section 2, RFC 9728 section 4). */
function metadataOf({ resource }: ProviderParts): object {
  const authentication = {
    methods: ["private_key_jwt"],
    algorithms: ["ES256", "PS256", "EdDSA", "Ed25519"],
  };
  return {
    revocation_endpoint_auth_methods_supported: authentication.methods,
    revocation_endpoint_auth_signing_alg_values_supported: authentication.algorithms,
    introspection_endpoint_auth_methods_supported: authentication.methods,
    introspection_endpoint_auth_signing_alg_values_supported: authentication.algorithms,
    backchannel_user_code_parameter_supported: false,
    protected_resources: [resource],
  };
}

import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider";
import { type ClientStore } from "../clients/client-store.js";
import { toMetadata } from "../clients/client.js";
import type { Credentials } from "../credentials.js";
import { inProtocol } from "../protocol/oauth-errors.js";
import { errors } from "../provider.js";
import type { ModelPayload, ModelStore } from "./model-store.js";

/** What the adapter stands on. */
export interface AdapterParts {
  readonly store: ModelStore;
  readonly clients: ClientStore;
  readonly credentials: Credentials;
  /** Brings a backchannel request up to date each time the bank polls. @throws OIDCProviderError `slow_down` */
  readonly poll: (id: string, payload: ModelPayload) => Promise<ModelPayload>;
}

const SERVER = { actor: "authorization-server" } as const;
/** Kinds that are never kept without an end; the longest that any of them may need. */
const LIFETIME_SECONDS_DEFAULT = 86_400;

/**
 * The store as oidc-provider sees it, one adapter a kind of thing. What is destroyed here is ended in the register
 * first, so that a token is dead everywhere before the protocol says so.
 */
export function createAdapterFactory(parts: AdapterParts): AdapterFactory {
  return (model) => guarded(model === "Client" ? clientAdapter(parts) : modelAdapter(model, parts));
}

/** Only the register of clients makes, changes and ends clients. */
function clientAdapter({ clients }: AdapterParts): Adapter {
  const refuse = async (): Promise<never> => {
    throw new Error("clients are registered by the operator");
  };
  return {
    find: async (id) => {
      const client = await clients.find(id);
      return client === undefined ? undefined : (toMetadata(client) as AdapterPayload);
    },
    upsert: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse,
    findByUid: refuse,
    findByUserCode: refuse,
  };
}

function modelAdapter(model: string, parts: AdapterParts): Adapter {
  const { store, credentials } = parts;
  const isToken = model === "AccessToken" || model === "ClientCredentials";
  return {
    upsert: (id, payload, expiresIn) =>
      store.put(model, id, { payload, lifetimeSeconds: expiresIn ?? LIFETIME_SECONDS_DEFAULT }),
    find: async (id) => {
      const payload = await store.find(model, id);
      if (payload === undefined || model !== "BackchannelAuthenticationRequest")
        return payload as AdapterPayload;
      return (await parts.poll(id, payload)) as AdapterPayload;
    },
    findByUid: async (uid) => (await store.findByUid(model, uid)) as AdapterPayload | undefined,
    findByUserCode: async () => undefined,
    consume: async (id) => {
      if (!(await store.consume(model, id))) await refuseSecondUse(model, id, parts);
    },
    destroy: async (id) => {
      if (isToken) await credentials.end({ tokens: [id] }, { ...SERVER, reason: "token revoked" });
      if (model === "Grant") await credentials.end({ grants: [id] }, { ...SERVER, reason: "grant revoked" });
      await store.remove(model, id);
    },
    revokeByGrantId: async (grantId) => {
      if (isToken) {
        const tokens = await store.listByGrant(model, grantId);
        await credentials.end({ tokens }, { ...SERVER, reason: "tokens of a grant revoked" });
      }
      await store.removeByGrant(model, grantId);
    },
  };
}

/**
 * Somebody else was quicker with a thing that may be used once: a copy is about (RFC 6749 section 4.1.2, RFC 9700
 * section 4.14.2). Whatever rests on its grant ends, whoever of the two is the thief.
 */
async function refuseSecondUse(
  model: string,
  id: string,
  { store, credentials }: AdapterParts,
): Promise<never> {
  if (model === "PushedAuthorizationRequest")
    throw new errors.InvalidRequestUri("request_uri is invalid, expired, or was already used");
  const grantId = (await store.find(model, id))?.["grantId"];
  if (model !== "BackchannelAuthenticationRequest" && typeof grantId === "string") {
    await credentials.end({ grants: [grantId] }, { ...SERVER, reason: "used twice" });
    await store.remove("Grant", grantId);
    for (const resting of ["RefreshToken", "AuthorizationCode", "AccessToken"])
      await store.removeByGrant(resting, grantId);
  }
  throw new errors.InvalidGrant({ detail: `${model} was used by another request` });
}

function guarded(adapter: Adapter): Adapter {
  return {
    upsert: (id, payload, expiresIn) => inProtocol(async () => adapter.upsert(id, payload, expiresIn)),
    find: (id) => inProtocol(async () => adapter.find(id)),
    findByUid: (uid) => inProtocol(async () => adapter.findByUid(uid)),
    findByUserCode: (code) => inProtocol(async () => adapter.findByUserCode(code)),
    consume: (id) => inProtocol(async () => adapter.consume(id)),
    destroy: (id) => inProtocol(async () => adapter.destroy(id)),
    revokeByGrantId: (grantId) => inProtocol(async () => adapter.revokeByGrantId(grantId)),
  };
}

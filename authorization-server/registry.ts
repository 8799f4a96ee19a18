import { type Account, type AccountStore } from "./accounts/account-store.js";
import { type ClientStore, type StoredClient } from "./clients/client-store.js";
import type { Credentials } from "./credentials.js";
import type { ModelStore } from "./store/model-store.js";

/** What an operator does to clients and accounts beyond adding and listing them. Forward only. */
export interface Registry {
  readonly clients: ClientStore;
  readonly accounts: AccountStore;
  /** Ends a client and every token it was given, everywhere. @throws NOT_FOUND, SERVICE_UNAVAILABLE */
  endClient(clientId: string, by: Operator): Promise<StoredClient>;
  /** Ends a key that tokens are bound to, by its RFC 7638 thumbprint, and every token bound to it. */
  endKey(thumbprint: string, by: Operator): Promise<void>;
  /** Ends a person's account, its sessions and the apps it signed in to; what the merchant granted to banks lives on. */
  endAccount(accountId: string, by: Operator): Promise<Account>;
  /** Sets a password and signs the person out everywhere. @throws NOT_FOUND, BAD_USER_INPUT */
  setPassword(accountId: string, password: string, by: Operator): Promise<Account>;
}

export interface Operator {
  readonly actor: string;
  readonly reason: string;
}

export interface RegistryParts {
  readonly store: ModelStore;
  readonly clients: ClientStore;
  readonly accounts: AccountStore;
  readonly credentials: Credentials;
}

/** The register first, then our own tables: a token is dead before anything says that it is. */
export function createRegistry({ store, clients, accounts, credentials }: RegistryParts): Registry {
  const signOut = async (accountId: string, by: Operator): Promise<void> => {
    const apps = (await clients.list({ party: "merchant" })).map(({ clientId }) => clientId);
    const grants = await store.listGrantsOf(accountId, apps);
    await credentials.end({ grants }, by);
    for (const grantId of grants) {
      await store.remove("Grant", grantId);
      for (const model of ["RefreshToken", "AuthorizationCode", "AccessToken"])
        await store.removeByGrant(model, grantId);
    }
    await store.removeByAccount("Session", accountId);
  };
  return {
    clients,
    accounts,
    endClient: async (clientId, by) => {
      await credentials.end({ clients: [clientId] }, by);
      const ended = await clients.end(clientId);
      await store.removeByClient(clientId);
      return ended;
    },
    endKey: (thumbprint, by) => credentials.end({ keys: [thumbprint] }, by),
    endAccount: async (accountId, by) => {
      const ended = await accounts.end(accountId);
      await signOut(accountId, by);
      return ended;
    },
    setPassword: async (accountId, password, by) => {
      const account = await accounts.setPassword(accountId, password);
      await signOut(accountId, by);
      return account;
    },
  };
}

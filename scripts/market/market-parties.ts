import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { ClientRegistration } from "../../authorization-server/clients/client.js";
import type { Registry } from "../../authorization-server/registry.js";
import { loadOrCreateKey } from "../../foundation/key-store.js";
import { publicKeySet, randomSecret } from "../../foundation/tokens.js";
import { MARKET_PLATFORMS } from "../market.js";

export const DEMO_BANK = "demo-bank";
export const OTHER_BANK = "second-bank";
export const MERCHANT_APP = "merchant-app";
/** Nobody listens there: a command reads the code off the address that it was sent to. */
export const LOOPBACK_CALLBACK = "http://127.0.0.1:8400/callback";

type MarketClient = Omit<ClientRegistration, "jwks">;

function platform(id: string): MarketClient {
  return { clientId: id, party: "platform", partyId: id, name: id, redirectUris: [] };
}

function bank(id: string, name: string): MarketClient {
  return { clientId: id, party: "bank", partyId: id, name, redirectUris: [LOOPBACK_CALLBACK] };
}

/** Those who have a part in the synthetic market, and the two data sets that can be imported into it. */
export const MARKET_CLIENTS: readonly MarketClient[] = [
  bank(DEMO_BANK, "示例银行 Demo Bank"),
  bank(OTHER_BANK, "第二银行 Second Bank"),
  ...MARKET_PLATFORMS.map(({ id }) => platform(id)),
  platform("olist"),
  platform("tmall"),
  {
    clientId: MERCHANT_APP,
    party: "merchant",
    partyId: MERCHANT_APP,
    name: "信桥商户端 Xinqiao for merchants",
    redirectUris: [LOOPBACK_CALLBACK],
  },
  { clientId: "officer-1", party: "officer", partyId: "officer-1", name: "Officer 1", redirectUris: [] },
];

/** Where a client's private key is. */
export function clientKeyFile(folder: string, clientId: string): string {
  return path.join(folder, `${clientId}.jwk.json`);
}

/** Registers the market's clients, each with a key of its own in the folder; what is there already stays. */
export async function registerMarketClients({ clients }: Registry, folder: string): Promise<void> {
  const held = new Map((await clients.list()).map((client) => [client.clientId, client]));
  for (const client of MARKET_CLIENTS) {
    const jwks = publicKeySet([await loadOrCreateKey(clientKeyFile(folder, client.clientId), "ES256")]);
    const known = held.get(client.clientId);
    if (known === undefined) await clients.add({ ...client, jwks });
    else if (known.endedAt === undefined && known.jwks.keys[0]?.kid !== jwks.keys[0]?.kid)
      await clients.setKeys(client.clientId, jwks);
  }
}

/** A person of the synthetic market, as a file in the data folder tells. */
export interface MarketPerson {
  readonly login: string;
  readonly password: string;
  readonly accountId: string;
}

/** Where the login and the password of a merchant's person are. */
export function personFile(folder: string, merchant: string): string {
  return path.join(folder, `${merchant}.json`);
}

/** The person who acts for a merchant of the market; made on first use, with a random password. */
export async function marketPerson(
  { accounts }: Registry,
  folder: string,
  merchant: string,
): Promise<MarketPerson> {
  const file = personFile(folder, merchant);
  const login = merchant.toLowerCase();
  const known = await readPerson(file);
  const account = await accounts.findByLogin(login);
  if (known !== undefined && account?.endedAt === undefined && account?.accountId === known.accountId)
    return known;
  const password = randomSecret();
  const { accountId } =
    account === undefined
      ? await accounts.add({ login, merchant, name: `Signatory of ${merchant}`, password })
      : await accounts.setPassword(account.accountId, password);
  const person = { login, password, accountId };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify(person, null, 2)}\n`, { mode: 0o600 });
  return person;
}

async function readPerson(file: string): Promise<MarketPerson | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as MarketPerson;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

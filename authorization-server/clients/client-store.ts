import type { Postgres } from "../../foundation/postgres.js";
import type { KeySet } from "../../foundation/tokens.js";
import { BureauError } from "../../schema/errors.js";
import type { Party } from "../../schema/parties.js";
import type { Purpose } from "../../schema/purposes.js";
import { query } from "../store/model-store.js";
import { type ClientRegistration, requireValidClient } from "./client.js";

/** A registered client. */
export interface StoredClient extends ClientRegistration {
  readonly createdAt: Date;
  /** From here on it is nobody; its id is not given again. */
  readonly endedAt: Date | undefined;
}

/** The register of clients. Every method @throws SERVICE_UNAVAILABLE. */
export interface ClientStore {
  /** @throws BAD_USER_INPUT, CONFLICT when the id was ever given */
  add(client: ClientRegistration): Promise<StoredClient>;
  /** A client that was not ended. */
  find(clientId: string): Promise<StoredClient | undefined>;
  /** Newest first; those that were ended are among them. At most 1,000. */
  list(filter?: { readonly party?: Party; readonly partyId?: string }): Promise<readonly StoredClient[]>;
  /** Replaces the keys, so that a client can change them without becoming another. @throws NOT_FOUND, BAD_USER_INPUT */
  setKeys(clientId: string, jwks: KeySet): Promise<StoredClient>;
  /** A retry changes nothing. @throws NOT_FOUND */
  end(clientId: string): Promise<StoredClient>;
}

interface ClientRow {
  readonly client_id: string;
  readonly party: Party;
  readonly party_id: string;
  readonly name: string;
  readonly metadata: {
    readonly jwks: KeySet;
    readonly redirectUris: readonly string[];
    readonly purposes?: readonly Purpose[];
  };
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

const TABLE = `"authorization".client`;

/** The register over the schema `authorization`. */
export function createClientStore(postgres: Postgres): ClientStore {
  const rows = (text: string, values: readonly unknown[]): Promise<readonly ClientRow[]> =>
    query<ClientRow>(postgres, text, values);
  const get = async (clientId: string): Promise<StoredClient> => {
    const [row] = await rows(`select * from ${TABLE} where client_id = $1`, [clientId]);
    if (row === undefined) throw new BureauError("NOT_FOUND", `there is no client ${clientId}`);
    return toClient(row);
  };
  return {
    add: async (client) => {
      requireValidClient(client);
      const { clientId, party, partyId, name, ...rest } = client;
      const [row] = await rows(
        `insert into ${TABLE} (client_id, party, party_id, name, metadata, created_at)
          values ($1, $2, $3, $4, $5, now()) on conflict (client_id) do nothing returning *`,
        [clientId, party, partyId, name, metadataText(rest)],
      );
      if (row === undefined) throw new BureauError("CONFLICT", `the client id ${clientId} was given before`);
      return toClient(row);
    },
    find: async (clientId) => {
      const [row] = await rows(`select * from ${TABLE} where client_id = $1 and ended_at is null`, [
        clientId,
      ]);
      return row && toClient(row);
    },
    list: async ({ party, partyId } = {}) => {
      const text = `select * from ${TABLE} where ($1::text is null or party = $1) and ($2::text is null or party_id = $2)
        order by created_at desc, client_id limit 1000`;
      return (await rows(text, [party ?? null, partyId ?? null])).map(toClient);
    },
    setKeys: async (clientId, jwks) => {
      const client = await get(clientId);
      if (client.endedAt !== undefined)
        throw new BureauError("NOT_FOUND", `the client ${clientId} was ended`);
      const changed = { ...client, jwks };
      requireValidClient(changed);
      const text = `update ${TABLE} set metadata = $2 where client_id = $1 and ended_at is null returning *`;
      const [row] = await rows(text, [clientId, metadataText(changed)]);
      return row === undefined ? get(clientId) : toClient(row);
    },
    end: async (clientId) => {
      const text = `update ${TABLE} set ended_at = now() where client_id = $1 and ended_at is null`;
      await rows(text, [clientId]);
      return get(clientId);
    },
  };
}

function metadataText({
  jwks,
  redirectUris,
  purposes,
}: Pick<ClientRegistration, "jwks" | "redirectUris" | "purposes">): string {
  return JSON.stringify({ jwks, redirectUris, ...(purposes === undefined ? {} : { purposes }) });
}

function toClient(row: ClientRow): StoredClient {
  return {
    clientId: row.client_id,
    party: row.party,
    partyId: row.party_id,
    name: row.name,
    ...row.metadata,
    createdAt: row.created_at,
    endedAt: row.ended_at ?? undefined,
  };
}

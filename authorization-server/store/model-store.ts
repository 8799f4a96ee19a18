import { createHash } from "node:crypto";
import type { Postgres } from "../../foundation/postgres.js";
import { BureauError } from "../../schema/errors.js";

/** What oidc-provider keeps of a session, a code, a grant or a token. */
export type ModelPayload = Readonly<Record<string, unknown>>;

/** Where the protocol's state is kept, for all instances. Every method @throws SERVICE_UNAVAILABLE. */
export interface ModelStore {
  /** Writes or replaces. What was used up stays so. */
  put(model: string, id: string, state: { payload: ModelPayload; lifetimeSeconds: number }): Promise<void>;
  /** What was kept under an id, expired or not, as long as it has not been swept. */
  find(model: string, id: string): Promise<ModelPayload | undefined>;
  findByUid(model: string, uid: string): Promise<ModelPayload | undefined>;
  /** Uses it up; true for exactly one caller, however many try at once. */
  consume(model: string, id: string): Promise<boolean>;
  remove(model: string, id: string): Promise<void>;
  /** Ids and kinds of what rests on a grant. */
  listByGrant(model: string, grantId: string): Promise<readonly string[]>;
  removeByGrant(model: string, grantId: string): Promise<void>;
  /** The grants that an account gave to clients of a kind. */
  listGrantsOf(accountId: string, clientIds: readonly string[]): Promise<readonly string[]>;
  removeByClient(clientId: string): Promise<void>;
  removeByAccount(model: string, accountId: string): Promise<void>;
  /** True for the first caller under this key until the lifetime ends, for nobody after it. */
  claimOnce(key: string, lifetimeSeconds: number): Promise<boolean>;
  /** Removes what expired more than an hour ago, at most so many rows of each kind; resolves to the number removed. */
  sweep(rowsMax: number): Promise<number>;
}

/** Kinds whose id is no secret: it stands in tokens (`jti`, `grant_id`) and in what ends them. */
const OPEN_IDS = new Set(["AccessToken", "ClientCredentials", "Grant"]);
const TABLE = `"authorization".model_state`;
/** Tables with `expires_at`, and the key of a row. */
const SWEPT: readonly (readonly [table: string, key: string])[] = [
  [TABLE, "(model, id)"],
  [`"authorization".used_once`, "id"],
  [`"authorization".login_failure`, "login"],
  [`"authorization".backchannel`, "id"],
];

interface StateRow {
  readonly payload: ModelPayload;
  readonly consumed: number | null;
}

/** Whoever reads the table must not be able to use what it finds: an id that opens something is kept as its hash. */
export function storedId(model: string, id: string): string {
  return OPEN_IDS.has(model) ? id : createHash("sha256").update(`${model}|${id}`).digest("base64url");
}

/** The store over the schema `authorization`. */
export function createModelStore(postgres: Postgres): ModelStore {
  const rows = <Row extends object>(text: string, values: readonly unknown[]): Promise<readonly Row[]> =>
    query<Row>(postgres, text, values);
  const find = async (text: string, values: readonly unknown[]): Promise<ModelPayload | undefined> => {
    const [row] = await rows<StateRow>(
      `select payload, floor(extract(epoch from consumed_at))::bigint as consumed from ${TABLE} where ${text}`,
      values,
    );
    return row && { ...row.payload, ...(row.consumed === null ? {} : { consumed: row.consumed }) };
  };
  return {
    put: async (model, id, state) => void (await rows(PUT, putValues(model, id, state))),
    find: async (model, id) => {
      const payload = await find("model = $1 and id = $2", [model, storedId(model, id)]);
      return payload && { ...payload, jti: id };
    },
    // A session that renews its id in two requests at once stands there twice for a moment.
    findByUid: (model, uid) => find("model = $1 and uid = $2 order by expires_at desc limit 1", [model, uid]),
    consume: async (model, id) => {
      const text = `update ${TABLE} set consumed_at = clock_timestamp()
        where model = $1 and id = $2 and consumed_at is null returning id`;
      return (await rows(text, [model, storedId(model, id)])).length > 0;
    },
    remove: async (model, id) =>
      void (await rows(`delete from ${TABLE} where model = $1 and id = $2`, [model, storedId(model, id)])),
    listByGrant: async (model, grantId) => {
      const text = `select id from ${TABLE} where model = $1 and grant_id = $2 and expires_at > now()`;
      return (await rows<{ id: string }>(text, [model, grantId])).map(({ id }) => id);
    },
    removeByGrant: async (model, grantId) =>
      void (await rows(`delete from ${TABLE} where model = $1 and grant_id = $2`, [model, grantId])),
    listGrantsOf: async (accountId, clientIds) => {
      const text = `select id from ${TABLE} where model = 'Grant' and account_id = $1 and client_id = any($2)`;
      return (await rows<{ id: string }>(text, [accountId, clientIds])).map(({ id }) => id);
    },
    removeByClient: async (clientId) =>
      void (await rows(`delete from ${TABLE} where client_id = $1`, [clientId])),
    removeByAccount: async (model, accountId) =>
      void (await rows(`delete from ${TABLE} where model = $1 and account_id = $2`, [model, accountId])),
    claimOnce: async (key, lifetimeSeconds) => {
      const id = createHash("sha256").update(key).digest("base64url");
      return (await rows(CLAIM, [id, lifetimeSeconds])).length > 0;
    },
    sweep: async (rowsMax) => {
      let removed = 0;
      for (const [table, key] of SWEPT) removed += (await rows(sweepText(table, key), [rowsMax])).length;
      return removed;
    },
  };
}

const PUT = `insert into ${TABLE} (model, id, payload, grant_id, client_id, account_id, uid, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 second')
  on conflict (model, id) do update set payload = excluded.payload, grant_id = excluded.grant_id,
    client_id = excluded.client_id, account_id = excluded.account_id, uid = excluded.uid,
    expires_at = excluded.expires_at`;

// A row whose time is over counts as absent, so that it needs no sweeping first.
const CLAIM = `insert into "authorization".used_once as u (id, expires_at)
  values ($1, now() + $2 * interval '1 second')
  on conflict (id) do update set expires_at = excluded.expires_at where u.expires_at <= now()
  returning id`;

function sweepText(table: string, key: string): string {
  return `delete from ${table} where ${key} in (select ${key.replace(/[()]/g, "")} from ${table}
    where expires_at < now() - interval '1 hour' order by expires_at limit $1) returning 1`;
}

function putValues(
  model: string,
  id: string,
  { payload, lifetimeSeconds }: { payload: ModelPayload; lifetimeSeconds: number },
): readonly unknown[] {
  const { jti: _secret, consumed: _derived, ...kept } = payload;
  const text = (name: string): string | null => {
    const value = payload[name];
    return typeof value === "string" ? value : null;
  };
  return [
    model,
    storedId(model, id),
    JSON.stringify(kept),
    text("grantId"),
    text("clientId"),
    text("accountId"),
    text("uid"),
    lifetimeSeconds,
  ];
}

/** Runs one statement. @throws SERVICE_UNAVAILABLE when the database is out of reach or refuses for reasons of its own */
export async function query<Row extends object>(
  postgres: Postgres,
  text: string,
  values: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    return (await postgres.pool.query<Row>(text, [...values])).rows;
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    // Classes of SQLSTATE that say something of the statement itself: data, integrity, syntax, raised by a guard.
    const isOurs = typeof code === "string" && /^(22|23|42|P0)/.test(code);
    if (isOurs || !(error instanceof Error)) throw error;
    throw new BureauError("SERVICE_UNAVAILABLE", error.message, { cause: error });
  }
}

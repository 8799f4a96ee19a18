import type { Postgres } from "../../foundation/postgres.js";
import { randomId } from "../../foundation/ids.js";
import { BureauError } from "../../schema/errors.js";
import { parseUscc } from "../../schema/uscc.js";
import { query } from "../store/model-store.js";
import { createLoginThrottle, type LoginThrottle } from "./login-throttle.js";
import { hashPassword, verifyPassword } from "./password.js";

/** A natural person who acts for one merchant. */
export interface Account {
  /** The `signatory` of tokens: an id without meaning. */
  readonly accountId: string;
  /** What the person types to sign in. */
  readonly login: string;
  readonly merchant: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly endedAt: Date | undefined;
}

/** The register of accounts. Every method @throws SERVICE_UNAVAILABLE. */
export interface AccountStore {
  /** @throws BAD_USER_INPUT, CONFLICT when the login was ever given */
  add(account: { login: string; merchant: string; name: string; password: string }): Promise<Account>;
  /** An account, ended or not. */
  find(accountId: string): Promise<Account | undefined>;
  findByLogin(login: string): Promise<Account | undefined>;
  /** Newest first; those that were ended are among them. At most 1,000. */
  list(merchant?: string): Promise<readonly Account[]>;
  /**
   * The account when the password is right. Wrong passwords and unknown logins take as long and count alike.
   * @throws RATE_LIMITED with `retryAfterSeconds` after failures
   */
  signIn(login: string, password: string): Promise<Account | undefined>;
  /** @throws NOT_FOUND, BAD_USER_INPUT */
  setPassword(accountId: string, password: string): Promise<Account>;
  /** A retry changes nothing. @throws NOT_FOUND */
  end(accountId: string): Promise<Account>;
}

interface AccountRow {
  readonly account_id: string;
  readonly login: string;
  readonly merchant_id: string;
  readonly name: string;
  readonly password_hash: string;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

const TABLE = `"authorization".account`;
const LOGIN = /^[A-Za-z0-9][A-Za-z0-9._@+-]{2,63}$/;
const NAME = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,100}$/u;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The register over the schema `authorization`. */
export function createAccountStore(postgres: Postgres): AccountStore {
  const throttle = createLoginThrottle(postgres);
  const rows = (text: string, values: readonly unknown[]): Promise<readonly AccountRow[]> =>
    query<AccountRow>(postgres, text, values);
  const one = async (text: string, value: string): Promise<AccountRow | undefined> =>
    (await rows(`select * from ${TABLE} where ${text}`, [value]))[0];
  const get = async (accountId: string): Promise<Account> => {
    const row = UUID.test(accountId) ? await one("account_id = $1", accountId) : undefined;
    if (row === undefined) throw new BureauError("NOT_FOUND", `there is no account ${accountId}`);
    return toAccount(row);
  };
  return {
    add: async (account) => {
      const { login, merchant, name } = readNew(account);
      const hash = await hashPassword(account.password);
      const [row] = await rows(
        `insert into ${TABLE} (account_id, login, merchant_id, name, password_hash, created_at)
          values ($1, $2, $3, $4, $5, now()) on conflict (login) do nothing returning *`,
        [randomId(), login, merchant, name, hash],
      );
      if (row === undefined) throw new BureauError("CONFLICT", `the login ${login} was given before`);
      return toAccount(row);
    },
    find: async (accountId) => {
      const row = UUID.test(accountId) ? await one("account_id = $1", accountId) : undefined;
      return row && toAccount(row);
    },
    findByLogin: async (login) => {
      const row = await one("login = $1", normalize(login));
      return row && toAccount(row);
    },
    list: async (merchant) => {
      const text = `select * from ${TABLE} where $1::text is null or merchant_id = $1
        order by created_at desc, account_id limit 1000`;
      return (await rows(text, [merchant ?? null])).map(toAccount);
    },
    signIn: (login, password) => {
      const name = normalize(login);
      const find = async (): Promise<AccountRow | undefined> =>
        LOGIN.test(name) ? one("login = $1", name) : undefined;
      return signIn({ name, password, find, throttle });
    },
    setPassword: async (accountId, password) => {
      const account = await get(accountId);
      if (account.endedAt !== undefined) throw new BureauError("NOT_FOUND", `account ${accountId} was ended`);
      const text = `update ${TABLE} set password_hash = $2 where account_id = $1`;
      await rows(text, [accountId, await hashPassword(password)]);
      await throttle.succeeded(account.login);
      return account;
    },
    end: async (accountId) => {
      await get(accountId);
      await rows(`update ${TABLE} set ended_at = now() where account_id = $1 and ended_at is null`, [
        accountId,
      ]);
      return get(accountId);
    },
  };
}

async function signIn({
  name,
  password,
  find,
  throttle,
}: {
  readonly name: string;
  readonly password: string;
  readonly find: () => Promise<AccountRow | undefined>;
  readonly throttle: LoginThrottle;
}): Promise<Account | undefined> {
  await throttle.admit(name);
  const row = await find();
  const isRight = await verifyPassword(password, row?.password_hash);
  if (row === undefined || !isRight || row.ended_at !== null) {
    await throttle.failed(name);
    return undefined;
  }
  await throttle.succeeded(name);
  return toAccount(row);
}

/** @throws BAD_USER_INPUT with every problem */
function readNew({ login, merchant, name }: { login: string; merchant: string; name: string }): {
  login: string;
  merchant: string;
  name: string;
} {
  const normalized = normalize(login);
  const uscc = parseUscc(merchant);
  const problems: string[] = [];
  if (!LOGIN.test(normalized))
    problems.push("a login is 3 to 64 letters, digits and . _ @ + -, the first a letter or digit");
  if (uscc === undefined) problems.push("the merchant must be a unified social credit code of 18 characters");
  if (!NAME.test(name)) problems.push("the name must be a line of 1 to 100 characters");
  if (problems.length > 0 || uscc === undefined)
    throw new BureauError("BAD_USER_INPUT", problems.join("; "), { facts: { problems } });
  return { login: normalized, merchant: uscc, name };
}

function normalize(login: string): string {
  return login.normalize("NFKC").trim().toLowerCase().slice(0, 200);
}

function toAccount(row: AccountRow): Account {
  return {
    accountId: row.account_id,
    login: row.login,
    merchant: row.merchant_id,
    name: row.name,
    createdAt: row.created_at,
    endedAt: row.ended_at ?? undefined,
  };
}

import { createHash } from "node:crypto";
import type { Postgres } from "../../foundation/postgres.js";
import { BureauError } from "../../schema/errors.js";
import { query } from "../store/model-store.js";

/** So many wrong passwords in a row are a person's; each further one doubles the wait. */
const FREE_FAILURES = 5;
const BLOCK_SECONDS_MAX = 900;
const FORGET_SECONDS = 86_400;

/** Slows down whoever guesses, for all instances together, and for logins that nobody has as for those that somebody has. */
export interface LoginThrottle {
  /** @throws RATE_LIMITED with `retryAfterSeconds` while the login is blocked */
  admit(login: string): Promise<void>;
  failed(login: string): Promise<void>;
  succeeded(login: string): Promise<void>;
}

const TABLE = `"authorization".login_failure`;

/** Counts in the schema `authorization`. */
export function createLoginThrottle(postgres: Postgres): LoginThrottle {
  return {
    admit: async (login) => {
      const [row] = await query<{ seconds: number }>(
        postgres,
        `select ceil(extract(epoch from blocked_until - now()))::int as seconds from ${TABLE}
          where login = $1 and blocked_until > now()`,
        [hashOf(login)],
      );
      if (row === undefined) return;
      throw new BureauError("RATE_LIMITED", "wrong passwords", {
        facts: { retryAfterSeconds: Math.max(1, row.seconds) },
      });
    },
    failed: async (login) => {
      const text = `insert into ${TABLE} as f (login, failures, blocked_until, expires_at)
        values ($1, 1, now(), now() + $4 * interval '1 second')
        on conflict (login) do update set
          failures = case when f.expires_at <= now() then 1 else f.failures + 1 end,
          blocked_until = case when f.expires_at <= now() or f.failures + 1 < $2 then now()
            else now() + least($3, power(2, least(f.failures + 1 - $2, 20))) * interval '1 second' end,
          expires_at = excluded.expires_at`;
      await query(postgres, text, [hashOf(login), FREE_FAILURES, BLOCK_SECONDS_MAX, FORGET_SECONDS]);
    },
    succeeded: async (login) =>
      void (await query(postgres, `delete from ${TABLE} where login = $1`, [hashOf(login)])),
  };
}

function hashOf(login: string): string {
  return createHash("sha256").update(`login|${login}`).digest("base64url");
}

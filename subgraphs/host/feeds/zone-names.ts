import type pg from "pg";
import { DEFAULT_ZONE } from "../../../schema/feeds/records.js";

/**
 * The zones that both the database and the runtime know: either would fail on a stranger later, and take a whole
 * batch along. The database's list is read once, when a record first names another zone than the default.
 */
export class ZoneNames {
  readonly #pool: pg.Pool;
  #names: Promise<ReadonlySet<string>> | undefined;
  readonly #known = new Set<string>([DEFAULT_ZONE]);

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Which of the given zones are no zones; exact IANA spelling. */
  async unknown(zones: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const strangers = [...zones].filter((zone) => !this.#known.has(zone));
    if (strangers.length === 0) return new Set();
    this.#names ??= readNames(this.#pool);
    const names = await this.#names.catch((error: unknown) => {
      this.#names = undefined;
      throw error;
    });
    const unknown = new Set<string>();
    for (const zone of strangers) {
      if (names.has(zone) && isRuntimeZone(zone)) this.#known.add(zone);
      else unknown.add(zone);
    }
    return unknown;
  }
}

async function readNames(pool: pg.Pool): Promise<ReadonlySet<string>> {
  const { rows } = await pool.query<{ name: string }>("select name from pg_timezone_names");
  return new Set(rows.map((row) => row.name));
}

function isRuntimeZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

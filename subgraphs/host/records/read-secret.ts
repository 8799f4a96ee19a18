import type { Postgres } from "../../../foundation/postgres.js";
import { RecordNames } from "./record-names.js";

/** The names of one schema's records. */
export type Naming = () => Promise<RecordNames>;

/** Gives the names of a schema's records; its secret is read on first use, and again only after a failure. */
export function createNaming(postgres: Postgres, schema: "transactions" | "signals"): Naming {
  let known: Promise<RecordNames> | undefined;
  return () => {
    known ??= readNames(postgres, schema).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function readNames(postgres: Postgres, schema: string): Promise<RecordNames> {
  const { rows } = await postgres.pool.query<{ secret: Buffer }>(
    `select secret from ${schema}.record_secret`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`schema ${schema} has no secret for its records`);
  return new RecordNames(row.secret);
}

import type pg from "pg";

/** How the facts' changes flow into one table of sums. */
export interface SumPlan {
  /** Under `transactions`. */
  readonly table: string;
  /** Primary key columns, in order. */
  readonly keys: readonly string[];
  readonly measures: readonly string[];
  /** A select over `pg_temp.fact_change` that yields the keys and the signed measures, ungrouped. */
  readonly source: string;
}

/** Adds the changes to the table; rows in order of the key. */
export async function addSums(client: pg.PoolClient, plan: SumPlan): Promise<void> {
  const keys = plan.keys.join(", ");
  const sums = plan.measures.map((measure) => `sum(${measure}) as ${measure}`).join(", ");
  const changed = plan.measures.map((measure) => `sum(${measure}) <> 0`).join(" or ");
  const added = plan.measures.map((measure) => `${measure} = t.${measure} + excluded.${measure}`).join(", ");
  await client.query(`insert into transactions.${plan.table} as t (${keys}, ${plan.measures.join(", ")})
    select ${keys}, ${sums} from (${plan.source}) as change group by ${keys} having ${changed} order by ${keys}
    on conflict (${keys}) do update set ${added}`);
}

import type pg from "pg";
import type { FeedKind } from "../../../schema/feeds/kinds.js";

/** How the facts' changes flow into one table of sums. */
export interface SumPlan {
  /** Under `transactions`. */
  readonly table: string;
  /** Primary key columns, in order. */
  readonly keys: readonly string[];
  readonly measures: readonly string[];
  readonly sources: readonly SumSource[];
}

/** One kind of contribution to a sum. */
export interface SumSource {
  /** Over `pg_temp.fact_change`: the keys and the signed measures, ungrouped. */
  readonly select: string;
  /** The kinds of records that it depends on; with others, what leaves and what enters are the same. */
  readonly kinds: readonly FeedKind[];
}

/** Adds the changes that records of a kind made; rows in order of the key. */
export async function addSums(client: pg.PoolClient, plan: SumPlan, kind: FeedKind): Promise<void> {
  const selects = plan.sources.filter(({ kinds }) => kinds.includes(kind)).map(({ select }) => select);
  if (selects.length === 0) return;
  const keys = plan.keys.join(", ");
  const sums = plan.measures.map((measure) => `sum(${measure}) as ${measure}`).join(", ");
  const changed = plan.measures.map((measure) => `sum(${measure}) <> 0`).join(" or ");
  const added = plan.measures.map((measure) => `${measure} = t.${measure} + excluded.${measure}`).join(", ");
  await client.query(`insert into transactions.${plan.table} as t (${keys}, ${plan.measures.join(", ")})
    select ${keys}, ${sums} from (${selects.join(" union all ")}) as change group by ${keys} having ${changed} order by ${keys}
    on conflict (${keys}) do update set ${added}`);
}

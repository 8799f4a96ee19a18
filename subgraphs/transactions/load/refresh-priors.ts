import type { Clock } from "../../../foundation/clock.js";
import type { Postgres } from "../../../foundation/postgres.js";
import { dayAt } from "./days.js";
import { MATURITY_DAYS } from "./load-states.js";

/** Fewest merchants that a platform's refund chances rest on, so that they tell of no single one. */
export const PRIOR_MERCHANTS_MIN = 5;
/** Fewest matured orders with which a merchant counts. */
export const PRIOR_ORDERS_MIN = 30;

const STATES = ["awaiting", "shipped", "delivered", "confirmed"];

/** What is lost from a state on, of what was still owed when the state was reached. */
function chance(index: number): string {
  const sum = (names: readonly string[]) =>
    names.length === 0 ? "0" : names.map((name) => `sum(lost_${name}_minor)`).join(" + ");
  return `least(greatest(coalesce((${sum(STATES.slice(index))})::float8
    / nullif(sum(amount_minor) - (${sum(STATES.slice(0, index))}), 0), 0), 0), 1)`;
}

/**
 * Recomputes the refund chances of every platform: the mean over its merchants, each weighing the same whatever its currency
 * and size. Batch work across merchants, to be run about daily; platforms with fewer than 5 merchants have none.
 */
export async function refreshPlatformPriors(postgres: Postgres, clock: Clock): Promise<void> {
  const now = clock.now();
  const client = await postgres.pool.connect();
  try {
    await client.query("begin");
    await client.query("lock table transactions.platform_prior in exclusive mode");
    await client.query("delete from transactions.platform_prior");
    await client.query(
      `insert into transactions.platform_prior
        select platform, count(distinct merchant_id)::int, sum(orders), avg(awaiting), avg(shipped), avg(delivered), avg(confirmed), $2
        from (
          select platform, merchant_id, sum(orders) as orders, ${STATES.map((name, i) => `${chance(i)} as ${name}`).join(", ")}
          from transactions.cohort_day where outcome_day <= $1::date - ${MATURITY_DAYS}
          group by platform, merchant_id, currency having sum(orders) >= ${PRIOR_ORDERS_MIN}
        ) as of_merchant
        group by platform having count(distinct merchant_id) >= ${PRIOR_MERCHANTS_MIN}`,
      [dayAt(now), now],
    );
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

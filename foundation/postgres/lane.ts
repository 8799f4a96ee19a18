import type pg from "pg";

/** One connection at a time out of a pool, which can be cut while a statement is on the wire. */
export interface Lane {
  /** Runs on a pooled connection. A connection on which anything failed is destroyed, never used again. */
  run<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Destroys the connections in use: a late reply must never be read as the answer to a later statement. */
  cut(): void;
}

/** A connection that dies between two statements reports it here; the next statement on it fails. */
function ignore(): void {}

/** Opens a lane over a pool. Connections that are still being opened when the lane is cut are not used. */
export function createLane(pool: pg.Pool): Lane {
  const inUse = new Set<pg.PoolClient>();
  let generation = 0;
  const giveBack = (client: pg.PoolClient, destroy: boolean): void => {
    if (!inUse.delete(client)) return;
    client.release(destroy);
    // A destroyed connection can still report its end; it keeps its listener.
    if (!destroy) client.off("error", ignore);
  };
  return {
    run: async (use) => {
      const started = generation;
      const client = await pool.connect();
      client.on("error", ignore);
      inUse.add(client);
      try {
        if (started !== generation) throw new Error("the lane was cut before the connection was open");
        const result = await use(client);
        giveBack(client, false);
        return result;
      } catch (error) {
        giveBack(client, true);
        throw error;
      }
    },
    cut: () => {
      generation += 1;
      for (const client of inUse) giveBack(client, true);
    },
  };
}

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

/**
 * Opens a lane over a pool. Connections that are still being opened when the lane is cut are not used. A connection goes back
 * to the pool in the next turn of the event loop, so that one statement after another finds it at hand.
 */
export function createLane(pool: pg.Pool): Lane {
  const held = new Set<pg.PoolClient>();
  let spare: pg.PoolClient | undefined;
  let generation = 0;
  const giveBack = (client: pg.PoolClient, destroy: boolean): void => {
    if (!held.delete(client)) return;
    client.release(destroy);
    // A destroyed connection can still report its end; it keeps its listener.
    if (!destroy) client.off("error", ignore);
  };
  const keep = (client: pg.PoolClient): void => {
    if (!held.has(client)) return;
    if (spare !== undefined) return giveBack(client, false);
    spare = client;
    setImmediate(() => {
      if (spare !== client) return;
      spare = undefined;
      giveBack(client, false);
    });
  };
  const take = async (): Promise<pg.PoolClient> => {
    if (spare !== undefined) {
      const client = spare;
      spare = undefined;
      return client;
    }
    const started = generation;
    const client = await pool.connect();
    client.on("error", ignore);
    held.add(client);
    if (started === generation) return client;
    giveBack(client, true);
    throw new Error("the lane was cut before the connection was open");
  };
  return {
    run: async (use) => {
      const client = await take();
      try {
        const result = await use(client);
        keep(client);
        return result;
      } catch (error) {
        giveBack(client, true);
        throw error;
      }
    },
    cut: () => {
      generation += 1;
      spare = undefined;
      for (const client of held) giveBack(client, true);
    },
  };
}

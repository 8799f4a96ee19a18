import type { Postgres } from "../../../foundation/postgres.js";
import type { Database } from "./database.js";
import type { Link } from "./link.js";
import type { Machine, VirtualTime } from "./virtual-time.js";

/** A statement as the driver sends it. */
export interface Statement {
  readonly name: string;
  readonly values: readonly unknown[];
}

/** What the server does with a statement: one statement, one snapshot. */
export type Execute = (statement: Statement) => readonly object[];

export interface PoolParts {
  readonly time: VirtualTime;
  readonly machine: Machine;
  readonly link: Link;
  readonly database: Database;
  readonly execute: Execute;
  /** Told when the rows of a statement were handed to the gateway. */
  readonly onReply: () => void;
  /** WARNING: a deliberate defect. A destroyed connection is used again, and who waits next reads the oldest reply. */
  readonly keepsDestroyed: boolean;
}

const CONNECTIONS_MAX = 2;
const CONNECT_TIMEOUT_MS = 5_000;

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** The part of `pg.Pool` that a lane uses, over a link that delays, holds up and loses. */
export class Pool {
  readonly #parts: PoolParts;
  readonly #idle: Connection[] = [];
  readonly #waiting: Waiter<Connection>[] = [];
  #count = 0;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  connect(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#waiting.length > 0) {
      const idle = this.#idle.pop();
      if (idle !== undefined) this.#waiting.shift()?.resolve(idle);
      else if (this.#count < CONNECTIONS_MAX) this.#open(this.#waiting.shift() as Waiter<Connection>);
      else return;
    }
  }

  #open(waiter: Waiter<Connection>): void {
    const { machine, link, time, database } = this.#parts;
    this.#count += 1;
    const fail = (message: string): void => {
      this.#count -= 1;
      waiter.reject(new Error(message));
      this.#serve();
    };
    const cancel = machine.after(CONNECT_TIMEOUT_MS, () => fail("timeout while connecting"));
    const thereMs = link.delayMs("request");
    if (thereMs === undefined) return;
    time.silently(thereMs, () => {
      const connection = new Connection(this.#parts, database.generation, (destroyed) =>
        this.#take(connection, destroyed),
      );
      const backMs = link.delayMs("reply");
      if (backMs === undefined) return;
      machine.after(backMs, () => {
        cancel();
        waiter.resolve(connection);
      });
    });
  }

  #take(connection: Connection, isDestroyed: boolean): void {
    if (isDestroyed) this.#count -= 1;
    else this.#idle.push(connection);
    this.#serve();
  }

  /** The pool as the house's own code takes it. */
  asPostgres(): Postgres {
    const pool = this as unknown as Postgres["pool"];
    const unused = (): never => {
      throw new Error("the simulation has no query builder");
    };
    return { pool, kysely: unused, close: async () => {} };
  }
}

/** One session: replies come back in the order of the statements, on time, late or never. */
class Connection {
  readonly #parts: PoolParts;
  readonly #generation: number;
  readonly #release: (destroyed: boolean) => void;
  readonly #pending: Waiter<{ readonly rows: readonly object[] }>[] = [];
  /** Replies that nobody waited for; only a connection that should have been destroyed still hands them out. */
  readonly #unread: (readonly object[])[] = [];
  #isClosed = false;
  #isReset = false;
  /** Once a message was lost, nothing that was sent after it is ever delivered. */
  #isStalled = false;
  #requestsUntilMs = 0;
  #repliesUntilMs = 0;

  constructor(parts: PoolParts, generation: number, release: (destroyed: boolean) => void) {
    this.#parts = parts;
    this.#generation = generation;
    this.#release = release;
  }

  on(): void {}
  off(): void {}

  query(statement: Statement): Promise<{ readonly rows: readonly object[] }> {
    return new Promise((resolve, reject) => {
      if (this.#isReset) return reject(new Error("the connection was reset"));
      this.#pending.push({ resolve, reject });
      this.#send(statement);
      const unread = this.#unread.shift();
      if (unread !== undefined) this.#receive(unread);
    });
  }

  release(destroy: boolean): void {
    if (destroy) {
      const forgotten = this.#pending.splice(0);
      if (!this.#parts.keepsDestroyed) {
        this.#isClosed = true;
        for (const waiter of forgotten) waiter.reject(new Error("the connection was destroyed"));
      }
    }
    this.#release(this.#isReset || (destroy && !this.#parts.keepsDestroyed));
  }

  #send(statement: Statement): void {
    const { time, link, database, execute } = this.#parts;
    const delayMs = link.delayMs("request");
    if (delayMs === undefined || this.#isStalled) {
      this.#isStalled = true;
      return;
    }
    this.#requestsUntilMs = Math.max(this.#requestsUntilMs, time.nowMs + delayMs);
    time.silently(this.#requestsUntilMs - time.nowMs, () => {
      if (database.generation !== this.#generation) this.#reply(() => this.#reset());
      else {
        // The server executes what it receives, whether or not somebody still waits for it.
        const rows = execute(statement);
        this.#reply(() => this.#receive(rows));
      }
    });
  }

  #reply(deliver: () => void): void {
    const { time, link, machine } = this.#parts;
    const delayMs = link.delayMs("reply");
    if (delayMs === undefined || this.#isStalled) {
      this.#isStalled = true;
      return;
    }
    this.#repliesUntilMs = Math.max(this.#repliesUntilMs, time.nowMs + delayMs);
    machine.after(this.#repliesUntilMs - time.nowMs, deliver);
  }

  #receive(rows: readonly object[]): void {
    if (this.#isClosed || this.#isReset) return;
    const waiter = this.#pending.shift();
    if (waiter === undefined) return void this.#unread.push(rows);
    this.#parts.onReply();
    waiter.resolve({ rows });
  }

  #reset(): void {
    this.#isReset = true;
    for (const waiter of this.#pending.splice(0)) waiter.reject(new Error("the connection was reset"));
  }
}

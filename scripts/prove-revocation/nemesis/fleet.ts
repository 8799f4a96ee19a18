import type { BrokenLedger } from "../broken-ledgers.js";
import type { GatewayChild } from "./gateway-child.js";
import type { Stage } from "./stage.js";

/** Gateways that answer at the same time, and one more that waits for one of them to be killed. */
export class Fleet {
  readonly #stage: Stage;
  readonly #defect: BrokenLedger | undefined;
  readonly #places: GatewayChild[] = [];
  #spare: GatewayChild | undefined;
  #starting: Promise<void> = Promise.resolve();
  #started = 0;
  #isClosed = false;

  private constructor(stage: Stage, defect: BrokenLedger | undefined) {
    this.#stage = stage;
    this.#defect = defect;
  }

  /** Starts all at once. */
  static async start(stage: Stage, places: number, defect: BrokenLedger | undefined): Promise<Fleet> {
    const fleet = new Fleet(stage, defect);
    // The first one migrates; the others find the database ready.
    fleet.#places.push(await fleet.#startOne());
    const others = await Promise.all(Array.from({ length: places }, () => fleet.#startOne()));
    fleet.#spare = others.pop();
    fleet.#places.push(...others);
    return fleet;
  }

  get size(): number {
    return this.#places.length;
  }

  /** Processes that were started, the killed ones included. */
  get started(): number {
    return this.#started;
  }

  at(place: number): GatewayChild {
    return this.#places[place % this.#places.length] as GatewayChild;
  }

  /** SIGKILL; the spare takes the place, and another spare is started. False while there is none. */
  async kill(place: number): Promise<boolean> {
    const spare = this.#spare;
    if (spare === undefined || this.#isClosed) return false;
    const killed = this.at(place);
    this.#spare = undefined;
    this.#places[place % this.#places.length] = spare;
    await killed.kill();
    this.#starting = this.#startOne().then(
      async (child) => {
        if (this.#isClosed) await child.kill();
        else this.#spare = child;
      },
      // Started while the database was away; the run goes on with those that live.
      () => {},
    );
    return true;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#places, this.#spare].map(async (child) => child?.kill()));
    await this.#starting;
  }

  #startOne(): Promise<GatewayChild> {
    this.#started += 1;
    return this.#stage.startGateway(`gateway ${this.#started}`, this.#defect);
  }
}

/** The promises of docs/revocation-proof.md that a history can break. */
export type Promised = "R1" | "R2" | "R3" | "R4";

/** One broken promise, in words that let somebody find the moment again. */
export interface Violation {
  readonly promise: Promised;
  readonly text: string;
}

/** An inquiry that was answered with what a consent opens. All instants are of one monotonic clock. */
export interface Release {
  readonly gateway: string;
  readonly merchant: string;
  readonly consentId: string;
  /** Before the request was sent. */
  readonly startedAt: number;
  /** After the answer had come. */
  readonly answeredAt: number;
}

/** A while in which a consent certainly is closed: from its acknowledgement until somebody asks to open it again. */
interface Closed {
  readonly kind: "REVOKED" | "PAUSED" | "EXPIRED";
  readonly ackedAt: number;
  until: number;
}

/**
 * Compares acknowledgements with answers. Revocation only goes forward, so that each answer needs one comparison: a
 * consent that was closed before the inquiry started, and stayed so until it was answered, opened nothing.
 */
export class PromiseKeeper {
  readonly violations: Violation[] = [];
  acknowledged = 0;
  released = 0;
  /** Milliseconds by which an answer on its way may outlive an acknowledgement; absent: R2 is not judged. */
  readonly #inFlightMaxMs: number | undefined;
  readonly #closed = new Map<string, Closed[]>();

  constructor(inFlightMaxMs?: number) {
    this.#inFlightMaxMs = inFlightMaxMs;
  }

  /** The merchant has read "revoked" or "paused", or the consent's last millisecond is over. */
  closedAt(consentId: string, kind: Closed["kind"], ackedAt: number): void {
    if (kind !== "EXPIRED") this.acknowledged += 1;
    const list = this.#closed.get(consentId) ?? [];
    list.push({ kind, ackedAt, until: Number.POSITIVE_INFINITY });
    this.#closed.set(consentId, list);
  }

  /** The merchant is about to ask for the end of a pause: from now on either answer is right. */
  opensAt(consentId: string, at: number): void {
    for (const closed of this.#closed.get(consentId) ?? [])
      if (closed.kind === "PAUSED") closed.until = Math.min(closed.until, at);
  }

  /** Ids of the consents whose end was acknowledged. */
  revoked(): readonly string[] {
    return [...this.#closed]
      .filter(([, list]) => list.some(({ kind }) => kind === "REVOKED"))
      .map(([id]) => id);
  }

  /** `standstillMs`: how long the gateway's process was stopped meanwhile, which R2 does not promise against. */
  answered(release: Release, standstillMs = 0): void {
    this.released += 1;
    const { consentId, startedAt, answeredAt } = release;
    for (const closed of this.#closed.get(consentId) ?? []) {
      if (answeredAt >= closed.until) continue;
      if (closed.ackedAt < startedAt) this.#report("R1", release, closed);
      else if (
        this.#inFlightMaxMs !== undefined &&
        answeredAt - closed.ackedAt > this.#inFlightMaxMs + standstillMs
      )
        this.#report("R2", release, closed);
    }
  }

  breaks(promise: Promised, text: string): void {
    this.violations.push({ promise, text });
  }

  #report(promise: Promised, { gateway, merchant, consentId, ...at }: Release, closed: Closed): void {
    this.breaks(
      promise,
      `${gateway} released ${merchant} under ${consentId}: ${closed.kind} at ${closed.ackedAt.toFixed(3)}, ` +
        `inquiry started at ${at.startedAt.toFixed(3)}, answered at ${at.answeredAt.toFixed(3)}`,
    );
  }
}

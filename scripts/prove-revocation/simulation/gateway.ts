import type { Clock } from "../../../foundation/clock.js";
import type { Answer } from "../../../gateway/answer/index.js";
import { createInquire, type Inquire } from "../../../gateway/gateway.js";
import type { Authorized, Fetched } from "../../../gateway/inquiry.js";
import { createBudgets } from "../../../gateway/receive/budgets.js";
import { readCosts } from "../../../gateway/receive/cost-model.js";
import { BureauError } from "../../../schema/errors.js";
import type { ConsentLedger, InquiryLog } from "../../../schema/ports.js";
import { CN_RULEBOOK } from "../../../schema/rulebook.js";
import { createConsentLedger } from "../../../subgraphs/consents/index.js";
import type { Random } from "../../market/random.js";
import { breakLedger } from "../broken-ledgers.js";
import { NO_BUDGETS } from "../no-budgets.js";
import { type CachedLedger, createCachedLedger, type Memory } from "./cached-ledger.js";
import { type Database, EPOCH_MS } from "./database.js";
import type { Contract } from "./inquiry-contract.js";
import { authenticatedAs, operationAbout, prepare } from "./inquiry-contract.js";
import { executeOn } from "./ledger-statements.js";
import type { Link } from "./link.js";
import { Pool } from "./pool.js";
import type { Variant } from "./variants.js";
import { Machine, type VirtualTime } from "./virtual-time.js";

/** As shipped (`XINQIAO_LEDGER_TIMEOUT`). */
export const LEDGER_TIMEOUT_MS = 250;

export interface GatewayParts {
  readonly name: string;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly database: Database;
  readonly link: Link;
  readonly contract: Contract;
  readonly variant: Variant;
  /** How far this machine's wall clock is off. */
  readonly skewMs: number;
  readonly warmStart: Memory | undefined;
}

/** What one merchant's part of an answer said. */
export interface Outcome {
  readonly merchant: string;
  /** The consent under which its name was released; `undefined` when nothing was. */
  readonly consentId: string | undefined;
  readonly code: string | undefined;
}

/**
 * One incarnation of a gateway process: the real path of an inquiry (authorize, record, recheck, release, answer) and,
 * unless a variant says otherwise, the real ledger with its coalescer and lane. Simulated are the connection, the
 * database, the subgraphs and the log.
 */
export class Gateway {
  readonly machine: Machine;
  readonly name: string;
  readonly #parts: GatewayParts;
  readonly #inquire: Inquire;
  readonly #cached: CachedLedger | undefined;
  /** When the ledger's last reply came; R3 is judged by it. */
  #lastReplyAt = -1;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.machine = new Machine(parts.time);
    const real = this.#realLedger();
    const clock = this.#clock();
    const budgets = createBudgets({ redis: undefined, clock, limits: NO_BUDGETS });
    this.#cached = parts.variant.protocol === "L1" ? this.#cachedLedger(real) : undefined;
    this.#inquire = createInquire({
      federation: {
        apiSchema: parts.contract.apiSchema,
        prepare: async (operation) => prepare(operation, parts.contract),
        fetch: (authorized) => this.#fetch(authorized),
        cached: { plans: 0, bytes: 0 },
      },
      index: parts.contract.index,
      ledger: this.#cached ?? this.#broken(real),
      log: this.#log(),
      rulebook: CN_RULEBOOK,
      clock,
      onError: rethrowBug,
      introspection: false,
      inquiryBudget: budgets,
      billing: { budgets, costs: readCosts(parts.contract.apiSchema) },
    });
  }

  get lastReplyAt(): number {
    return this.#lastReplyAt;
  }

  /** Of the cached protocol: what a neighbour could begin with. */
  memory(): Memory | undefined {
    return this.#cached?.memory();
  }

  /** Asks about merchants; never settles when the process dies meanwhile. */
  async ask(bank: string, merchants: readonly string[]): Promise<readonly Outcome[]> {
    const answer = await this.#inquire(authenticatedAs(bank), operationAbout(merchants), () => {});
    if (!this.machine.isAlive) return new Promise(() => {});
    return merchants.map((merchant, i) => outcomeOf(answer, merchant, i === 0 ? "a" : "b"));
  }

  #pool(keepsDestroyed = false): Pool {
    const { time, link, database } = this.#parts;
    return new Pool({
      time,
      link,
      database,
      machine: this.machine,
      execute: executeOn(database),
      onReply: () => {
        this.#lastReplyAt = time.instant();
      },
      keepsDestroyed,
    });
  }

  #realLedger(): ConsentLedger {
    const postgres = this.#pool().asPostgres();
    return createConsentLedger({ postgres, timeoutMs: LEDGER_TIMEOUT_MS, timers: this.machine });
  }

  #broken(real: ConsentLedger): ConsentLedger {
    const { defect } = this.#parts.variant;
    if (defect === "joinInFlight" || defect === "failOpen") return breakLedger(defect, real, this.#clock());
    if (defect !== "gatewayClock") return real;
    return {
      claimUses: (consents) => real.claimUses(consents),
      check: async (questions, credentials) => ({
        ...(await real.check(questions, credentials)),
        now: this.#clock().now(),
      }),
    };
  }

  #cachedLedger(real: ConsentLedger): CachedLedger {
    const { variant, warmStart } = this.#parts;
    return createCachedLedger({
      postgres: this.#pool(variant.defect === "lateReply").asPostgres(),
      timeoutMs: LEDGER_TIMEOUT_MS,
      timers: this.machine,
      claims: (consents) => real.claimUses(consents),
      warmStart: variant.defect === "warmStart" ? warmStart : undefined,
      defects: {
        keptCache: variant.defect === "keptCache",
        earlyStamp: variant.defect === "earlyStamp",
        sequenceEpoch: variant.defect === "sequenceEpoch",
        lateReply: variant.defect === "lateReply",
      },
    });
  }

  #clock(): Clock {
    const { time, skewMs, variant } = this.#parts;
    return {
      now: () => new Date(EPOCH_MS + skewMs + Math.floor(time.nowMs)),
      // Without the age of a check there is no release check.
      monotonicMs: variant.defect === "noReleaseCheck" ? () => 0 : () => time.nowMs,
    };
  }

  async #fetch(authorized: Authorized): Promise<Fetched> {
    const { random } = this.#parts;
    const kind = random.unit();
    await this.machine.sleep(
      kind < 0.7
        ? random.between(0.5, 12)
        : kind < 0.92
          ? random.between(30, 150)
          : random.between(400, 1_200),
    );
    const entries = [...authorized.positions].map(([key, [merchant]]) => [
      key,
      { id: merchant, identity: { legalName: nameOf(merchant ?? "") } },
    ]);
    return { authorized, data: Object.fromEntries(entries), errors: [] } as unknown as Fetched;
  }

  #log(): InquiryLog {
    const { random } = this.#parts;
    return {
      append: async (entries) => {
        const kind = random.unit();
        await this.machine.sleep(kind < 0.9 ? random.between(0.5, 8) : random.between(100, 1_500));
        if (kind > 0.99) throw new BureauError("INQUIRY_NOT_RECORDED");
        const at = new Date(EPOCH_MS);
        return entries.map(({ inquiryId }) => ({ inquiryId, recordedAt: at, leafHash: "00" }));
      },
    };
  }
}

/** What a subgraph would say of a merchant; it names the merchant, so that a mix-up shows. */
function nameOf(merchant: string): string {
  return `Firm ${merchant}`;
}

interface Note {
  readonly merchant: string;
  readonly consentId: string | null;
  readonly withheld: readonly { readonly code: string }[];
}

function outcomeOf(answer: Answer, merchant: string, key: string): Outcome {
  const profile = answer.data?.[key] as { identity?: { legalName?: string } | null } | null | undefined;
  const name = profile?.identity?.legalName;
  const code = answer.errors?.[0]?.extensions["code"];
  if (name === undefined) return { merchant, consentId: undefined, code: String(code) };
  if (name !== nameOf(merchant)) throw new Error(`asked about ${merchant}, told of ${name}`);
  const notes = (answer.extensions?.["inquiries"] ?? []) as readonly Note[];
  const consentId = notes.find((note) => note.merchant === merchant)?.consentId;
  if (consentId == null) throw new Error(`${merchant} was released under no consent`);
  return { merchant, consentId, code: undefined };
}

/** An expected refusal ends an inquiry; anything else is a mistake in the simulation or in the house. */
function rethrowBug(error: unknown): void {
  if (!(error instanceof BureauError)) throw error;
}

import { setTimeout as delay } from "node:timers/promises";
import type { Category } from "../../schema/categories.js";
import type { Purpose } from "../../schema/purposes.js";
import { BANKS, CONSENTING } from "./cast.js";
import type { OracleBureau } from "./oracle-bureau.js";
import type { GivenConsent, World } from "./world.js";

/** A consent of the model that follows the real one: uses are counted, events happen. */
type Followed = { -readonly [member in keyof GivenConsent]: GivenConsent[member] };

const GRANT = "mutation($input: GrantConsentInput!) { grantConsent(input: $input) { id } }";
const CHANGES = { PAUSED: "pauseConsent", RESUMED: "resumeConsent", REVOKED: "revokeConsent" } as const;

const SOME: readonly Category[] = ["IDENTITY", "REVIEWS", "LOGISTICS"];
const OTHERS: readonly Category[] = ["TRANSACTIONS", "SETTLEMENTS", "REVIEWS"];
const ALL: readonly Category[] = [...new Set([...SOME, ...OTHERS]), "SOCIAL"];

/** A consent's short life, long enough to be granted in. */
const SHORT_MS = 1_500;

/** Consents that merchants grant, change and revoke through the graph, on the real ledger; and the model's own list. */
export class GrantedWorld {
  readonly #oracle: OracleBureau;
  readonly #consents: Followed[] = [];

  constructor(oracle: OracleBureau) {
    this.#oracle = oracle;
  }

  get world(): World {
    const scopes = ["profile:read"] as const;
    return {
      consents: this.#consents,
      askers: [
        { party: "bank", id: BANKS[0], scopes, privileges: ["RECORDS"] },
        { party: "bank", id: BANKS[1], scopes },
        { party: "merchant", id: CONSENTING[0] ?? "", scopes },
      ],
    };
  }

  /** One of each kind of consent, over all pairs of two banks and four merchants. */
  async grantAll(): Promise<void> {
    const [first, second] = BANKS;
    const [a = "", b = "", c = "", d = ""] = CONSENTING;
    await this.grant(first, a, { categories: ALL, records: ["TRANSACTIONS", "LOGISTICS"] });
    await this.grant(first, b, { categories: SOME });
    await this.grant(first, c, { categories: ALL, life: "expired" });
    await this.grant(first, d, { categories: ALL, agreed: 4 });
    await this.grant(second, a, { categories: OTHERS });
    await this.grant(second, a, { categories: SOME });
    await this.grant(second, b, { categories: ALL, life: "scheduled" });
    await this.grant(second, c, { categories: ["IDENTITY", "REVIEWS"], purpose: "FRAUD_PREVENTION" });
    await this.grant(second, d, { categories: OTHERS });
    await this.change(second, d, "PAUSED");
    await delay(SHORT_MS + 100);
  }

  async grant(
    bank: string,
    merchant: string,
    terms: Partial<Pick<Followed, "life" | "agreed" | "purpose" | "records">> & Pick<Followed, "categories">,
  ): Promise<void> {
    const { life = "current", agreed = 20, categories, records = [] } = terms;
    const purpose: Purpose = terms.purpose ?? "PRE_LOAN_ASSESSMENT";
    const now = Date.now();
    const data = await this.#mutate(merchant, GRANT, {
      bank,
      purpose,
      categories,
      ...(records.length === 0 ? {} : { records }),
      lookbackMonths: 12,
      ...(life === "scheduled" ? { startsAt: new Date(now + 86_400_000).toISOString() } : {}),
      expiresAt: new Date(now + (life === "expired" ? SHORT_MS : 3 * 86_400_000)).toISOString(),
      frequency: { count: agreed, period: "TOTAL" },
    });
    for (const older of this.#of(bank, merchant)) {
      if (older.purpose === purpose && !older.events.includes("REVOKED"))
        older.events = [...older.events, "SUPERSEDED"];
    }
    const age = this.#consents.length + 1;
    const id = (data["grantConsent"] as { id: string }).id;
    const rest = { lookbackMonths: 12, events: [], used: 0 };
    this.#consents.push({ ...rest, id, bank, merchant, purpose, categories, records, life, agreed, age });
  }

  /** Pauses, resumes or revokes the newest consent of a pair. */
  async change(bank: string, merchant: string, event: keyof typeof CHANGES): Promise<void> {
    const consent = this.#of(bank, merchant).at(-1);
    if (consent === undefined) throw new Error("nothing to change");
    const field = CHANGES[event];
    const text = `mutation($input: ConsentIdInput!) { ${field}(input: $input) { id } }`;
    await this.#mutate(merchant, text, { consentId: consent.id });
    consent.events = [...consent.events, event];
  }

  /** One inquiry was answered under a consent. */
  used(consentId: string | null): void {
    const consent = this.#consents.find(({ id }) => id === consentId);
    if (consent !== undefined) consent.used += 1;
  }

  #of(bank: string, merchant: string): readonly Followed[] {
    return this.#consents.filter((consent) => consent.bank === bank && consent.merchant === merchant);
  }

  async #mutate(merchant: string, text: string, input: object): Promise<Record<string, unknown>> {
    const token = await this.#oracle.bureau.token({ party: "merchant", id: merchant });
    const reply = await this.#oracle.bureau.graphql(token, text, { input });
    if (reply.errors.length > 0) throw new Error(JSON.stringify(reply.errors));
    return reply.data;
  }
}

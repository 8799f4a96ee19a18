import { setTimeout as delay } from "node:timers/promises";
import type { ConsentLedger } from "../../../schema/ports.js";
import type { Subgraph } from "../../../schema/subgraph.js";
import { ALICE, bankToken, grant, PROFILE, publishTwoMerchants, revoke } from "../../support/actors.js";
import { type GraphQLReply, startTestBureau, type TestBureau } from "../../support/bureau.js";

/** Longer than an answer may rest on one check (P2: 50 ms). */
const STALE_MS = 80;

/** Places in the path of an inquiry where something else can happen. */
export interface Hooks {
  beforeFetch?: () => Promise<void>;
  afterFetch?: () => Promise<void>;
  /** Before the second look at the ledger. */
  beforeRecheck?: () => Promise<void>;
}

export interface MidwayBureau {
  readonly bureau: TestBureau;
  readonly hooks: Hooks;
  /** Asks for Alice's profile while the hooks run, once each. */
  ask(hooks: Hooks): Promise<GraphQLReply>;
}

/** A bureau whose merchants subgraph and ledger can be held up. */
export async function startMidwayBureau(): Promise<MidwayBureau> {
  const hooks: Hooks = {};
  let checks = 0;
  const run = async (name: keyof Hooks): Promise<void> => {
    const hook = hooks[name];
    delete hooks[name];
    await hook?.();
  };
  const subgraph = (real: Subgraph): Subgraph =>
    real.name === "merchants"
      ? {
          ...real,
          execute: async (request) => {
            await run("beforeFetch");
            const answer = await real.execute(request);
            await run("afterFetch");
            return answer;
          },
        }
      : real;
  const ledger = (real: ConsentLedger): ConsentLedger => ({
    ...real,
    check: async (...asked) => {
      checks += 1;
      if (checks === 2) await run("beforeRecheck");
      return real.check(...asked);
    },
  });
  const bureau = await startTestBureau({ seams: { subgraph, ledger } });
  await publishTwoMerchants(bureau);
  return {
    bureau,
    hooks,
    ask: async (planned) => {
      const token = await bankToken(bureau);
      Object.assign(hooks, planned);
      checks = 0;
      return bureau.graphql(token, PROFILE, { id: ALICE });
    },
  };
}

/** Something that happens to Alice's consent while an inquiry under it is on its way, and what the inquiry must say. */
export interface Midway {
  readonly what: string;
  readonly code: string;
  /** The consent's terms beyond the usual. */
  readonly terms?: () => object;
  readonly hooks: (bureau: TestBureau, consentId: string) => Hooks;
}

async function change(bureau: TestBureau, field: string, consentId: string): Promise<void> {
  const token = await bureau.token({ party: "merchant", id: ALICE });
  const text = `mutation($input: ConsentIdInput!) { ${field}(input: $input) { id } }`;
  const reply = await bureau.graphql(token, text, { input: { consentId } });
  if (reply.errors.length > 0) throw new Error(JSON.stringify(reply.errors));
}

/** Does it, then waits until the check that came before is stale. */
function thenWait(act: () => Promise<unknown>): () => Promise<void> {
  return async () => {
    await act();
    await delay(STALE_MS);
  };
}

let endsAtMs = 0;

export const MIDWAYS: readonly Midway[] = [
  {
    what: "revoked between check and fetch",
    code: "CONSENT_REVOKED",
    hooks: (bureau, id) => ({ beforeFetch: thenWait(() => revoke(bureau, ALICE, id)) }),
  },
  {
    what: "revoked between fetch and release",
    code: "CONSENT_REVOKED",
    hooks: (bureau, id) => ({ afterFetch: thenWait(() => revoke(bureau, ALICE, id)) }),
  },
  {
    what: "revoked as the second check begins",
    code: "CONSENT_REVOKED",
    hooks: (bureau, id) => ({
      afterFetch: () => delay(STALE_MS),
      beforeRecheck: () => revoke(bureau, ALICE, id),
    }),
  },
  {
    what: "paused between check and release",
    code: "CONSENT_PAUSED",
    hooks: (bureau, id) => ({ beforeFetch: thenWait(() => change(bureau, "pauseConsent", id)) }),
  },
  {
    what: "revoked and granted anew, all of it, on the way",
    code: "CONSENT_REVOKED",
    hooks: (bureau, id) => ({
      beforeFetch: thenWait(async () => {
        await revoke(bureau, ALICE, id);
        await grant(bureau, ALICE);
      }),
    }),
  },
  {
    what: "replaced by another on the way",
    code: "CONSENT_REVOKED",
    hooks: (bureau) => ({ beforeFetch: thenWait(() => grant(bureau, ALICE)) }),
  },
  {
    what: "expired during the query",
    code: "CONSENT_EXPIRED",
    terms: () => {
      endsAtMs = Date.now() + 2_000;
      return { expiresAt: new Date(endsAtMs).toISOString() };
    },
    hooks: () => ({ afterFetch: () => delay(Math.max(0, endsAtMs - Date.now()) + STALE_MS) }),
  },
];

/** Lets each happen in turn; those during which Alice's values came out. */
export async function letAllHappen(midway: MidwayBureau): Promise<readonly string[]> {
  const breaches: string[] = [];
  for (const { what, terms, hooks } of MIDWAYS) {
    const id = await grant(midway.bureau, ALICE, terms?.() ?? {});
    const reply = await midway.ask(hooks(midway.bureau, id));
    if (JSON.stringify(reply).includes("Alice Trading")) breaches.push(what);
  }
  return breaches;
}

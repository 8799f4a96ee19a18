import { Random } from "../../market/random.js";
import { DIRECTIONS } from "../simulation/link.js";
import type { Hindrance, Scope } from "./fault-proxy.js";

/** One thing that goes wrong, and when. */
export type Fault = { readonly atMs: number; readonly place: number } & (
  | {
      readonly kind: "hole" | "requestHole" | "replyHole" | "jitter" | "slowReplies";
      readonly durationMs: number;
      readonly hindrance: Hindrance;
    }
  | { readonly kind: "reset"; readonly scope: Scope }
  | { readonly kind: "stopGateway"; readonly durationMs: number }
  | { readonly kind: "killGateway" | "killBackend" }
);
export type FaultKind = Fault["kind"];

/** Each kind at least once before any comes again; those at the front come even in a short run. */
const DECK: readonly FaultKind[] = [
  "replyHole",
  "jitter",
  "killBackend",
  "hole",
  "stopGateway",
  "requestHole",
  "jitter",
  "reset",
  "replyHole",
  "killGateway",
  "jitter",
  "slowReplies",
  "hole",
];

/** What goes wrong in a run of this length, drawn from its seed; the order of a deck is shuffled in halves. */
export function planNemesis(seed: number, places: number, durationMs: number): readonly Fault[] {
  const random = new Random(seed);
  const faults: Fault[] = [];
  let deck: FaultKind[] = [];
  for (let atMs = random.between(300, 600); atMs < durationMs;) {
    if (deck.length === 0) deck = shuffled(random, DECK);
    const fault = draw(random, deck.shift() as FaultKind, { atMs, place: random.below(places) });
    faults.push(fault);
    // Now and then the next one comes before this one is over.
    const lengthMs = "durationMs" in fault && random.chance(0.75) ? fault.durationMs : 0;
    atMs += lengthMs + random.between(100, 350);
  }
  return faults;
}

function shuffled(random: Random, kinds: readonly FaultKind[]): FaultKind[] {
  const left = [...kinds];
  const out: FaultKind[] = [];
  while (left.length > 0) out.push(...left.splice(random.below(Math.min(left.length, 6)), 1));
  return out;
}

const HELD = { hole: DIRECTIONS, requestHole: ["request"], replyHole: ["reply"] } as const;

function draw(random: Random, kind: FaultKind, at: { readonly atMs: number; readonly place: number }): Fault {
  const scope: Scope = random.chance(0.6) ? "ledger" : "all";
  switch (kind) {
    case "hole":
    case "requestHole":
    case "replyHole": {
      const hindrance = { scope, directions: HELD[kind], delayMs: "held" } as const;
      return { ...at, kind, durationMs: random.between(200, 900), hindrance };
    }
    case "jitter": {
      const late: Scope = random.chance(0.7) ? "check" : scope;
      // A reply that is on its way for as long as a revocation takes, on a quick machine and on a slow one.
      const delayMs = random.chance(0.5) ? random.between(10, 40) : random.between(60, 200);
      const hindrance = { scope: late, directions: ["reply"], delayMs } as const;
      return { ...at, kind, durationMs: random.between(600, 1_400), hindrance };
    }
    case "slowReplies": {
      // Just before and just after a ledger gives up.
      const hindrance = { scope, directions: ["reply"], delayMs: random.between(200, 300) } as const;
      return { ...at, kind, durationMs: random.between(500, 1_000), hindrance };
    }
    case "reset":
      return { ...at, kind, scope };
    case "stopGateway":
      return { ...at, kind, durationMs: random.between(100, 800) };
    case "killGateway":
    case "killBackend":
      return { ...at, kind };
  }
}

import type { Clock } from "../../../foundation/clock.js";
import { createSigner, type Key, type ProcessSeal } from "../../../foundation/tokens.js";
import type { ConsentLedger, InquiryLog } from "../../../schema/ports.js";
import type { Rulebook } from "../../../schema/rulebook.js";
import type { Budgets } from "../../receive/budgets.js";
import type { DocumentSource } from "../../receive/documents/read-sources.js";
import { Echo } from "../../fetch/echo.js";
import { RepresentationGate } from "../../fetch/representations.js";
import { createSignPermit, PERMIT_ISSUER } from "../../fetch/sign-permit.js";
import { SubgraphSource } from "../../fetch/subgraph-source.js";
import type { Transport } from "../../fetch/transport.js";
import { createInquire } from "../../gateway.js";
import { loadPlanner, type PlannerKind } from "../../plan/load-planner.js";
import { readSupergraph } from "../../plan/index.js";
import { readCosts } from "../../receive/cost-model.js";
import { createTrustedDocuments } from "../../receive/documents/trusted-documents.js";
import { OPERATION_LIMITS, type OperationLimits } from "../../receive/limits.js";
import { startFederation } from "./federation.js";
import type { SubgraphPlace } from "./open-transports.js";
import type { Generation } from "./generations.js";

/** What a generation is built from, beside the supergraph. */
export interface GenerationParts {
  readonly budgets: Budgets;
  readonly clock: Clock;
  readonly introspection: boolean;
  readonly ledger: ConsentLedger;
  readonly limits?: OperationLimits;
  readonly log: InquiryLog;
  readonly onError: (error: unknown, requestId: string) => void;
  /** Signs permits for distant subgraphs. */
  readonly permitKey: Key;
  /** The same for subgraphs of this process. */
  readonly permitSeal: ProcessSeal;
  readonly places: ReadonlyMap<string, SubgraphPlace>;
  readonly planner: PlannerKind;
  readonly rulebook: Rulebook;
  readonly trust: Trust;
}

/** What operations the operator trusts. */
export interface Trust {
  readonly sources: readonly DocumentSource[];
  /** Clients that run trusted documents and nothing else. */
  readonly requiredOf: readonly string[];
}

/** Makes a generation of a supergraph's text. */
export type BuildGeneration = (id: string, sdl: string) => Generation;

/**
 * What generations share is made once: budgets, ledger, record, transports. What depends on the supergraph is made for each:
 * rules, planner and plan cache, costs, the gate of entities, trusted documents.
 * @throws (when called) Error where the supergraph is unsafe to serve, has a list without a size, or a subgraph of it has no
 * place; ConfigError where a document cannot be trusted
 */
export async function generationBuilder(
  parts: GenerationParts,
  transports: ReadonlyMap<string, Transport>,
): Promise<BuildGeneration> {
  const createPlanner = await loadPlanner(parts.planner);
  const { permitSeal } = parts;
  const signer = await createSigner(parts.permitKey);
  const sealed = createSignPermit((claims) => permitSeal.sign(claims), PERMIT_ISSUER, parts.clock);
  const signed = createSignPermit((claims) => signer.sign("permit+jwt", claims), PERMIT_ISSUER, parts.clock);
  const {
    budgets,
    clock,
    introspection,
    ledger,
    limits = OPERATION_LIMITS,
    log,
    onError,
    rulebook,
    trust,
  } = parts;
  return (id, sdl) => {
    const supergraph = readSupergraph(sdl);
    const gate = new RepresentationGate(supergraph.policies);
    const echo = new Echo();
    const sourceOf = (name: string): SubgraphSource => {
      const transport = transports.get(name);
      const place = parts.places.get(name);
      if (transport === undefined || place === undefined) throw new Error(`subgraph ${name} has no place`);
      const signPermit = "url" in place ? signed : sealed;
      return new SubgraphSource({ name, transport, signPermit, gate, echo });
    };
    const federation = startFederation(supergraph, { sourceOf, createPlanner });
    const inquire = createInquire({
      federation,
      log,
      ledger,
      rulebook,
      clock,
      onError,
      index: supergraph.policies,
      introspection,
      inquiryBudget: budgets,
      billing: { budgets, costs: readCosts(federation.apiSchema) },
    });
    const reading = { schema: federation.apiSchema, limits, introspection };
    const documents = createTrustedDocuments(trust.sources, trust.requiredOf, reading);
    return { id, federation, documents, inquire };
  };
}

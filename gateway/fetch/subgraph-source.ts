import type { SubgraphAnswer, WireError } from "../../schema/subgraph.js";
import type { Authorized } from "../inquiry.js";
import type { EntityTarget } from "../plan/plan.js";
import type { Echo, Expected } from "./echo.js";
import type { SubgraphFetch } from "./execute/compile-fetch.js";
import type { AdmittedRepresentations, RepresentationGate } from "./representations.js";
import type { SignPermit } from "./sign-permit.js";
import { readAnswer, type Transport } from "./transport.js";

/** What goes with every fetch of one operation. */
export interface FetchContext {
  readonly authorized: Authorized;
  /** Response keys of the roots that return merchants. */
  readonly merchantRoots: ReadonlySet<string>;
  /** Whom each of them asks about, as it was narrowed. */
  readonly expected: Expected;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal | undefined;
}

/** Where the executor's fetches go. */
export interface Source {
  /** @throws SOURCE_UNAVAILABLE when the subgraph does not answer in time or at all */
  ask(fetch: SubgraphFetch, context: FetchContext): Promise<SubgraphAnswer>;
}

interface SourceOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly signPermit: SignPermit;
  readonly gate: RepresentationGate;
  readonly echo: Echo;
}

interface AdmittedTarget {
  readonly target: EntityTarget;
  readonly admitted: AdmittedRepresentations;
}

/** One subgraph as the executor sees it: every fetch is gated, permitted, bounded and answered in plain JSON. */
export class SubgraphSource implements Source {
  readonly #options: SourceOptions;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  async ask({ step, variables }: SubgraphFetch, context: FetchContext): Promise<SubgraphAnswer> {
    const { authorized, expected, merchantRoots } = context;
    const { echo } = this.#options;
    const query = echo.ask(step.operation, merchantRoots);
    if (step.targets.length === 0) {
      const answer = await this.#send(context, { query, variables }, undefined);
      return echo.checkRoots(answer, expected);
    }
    const targets = step.targets.map((target) =>
      this.#admit(authorized, { target, query: step.operation, variables }),
    );
    if (targets.every(({ admitted }) => admitted.kept.length === 0)) return nobody(targets);
    const kept = Object.fromEntries(targets.map(({ target, admitted }) => [target.variable, admitted.kept]));
    const merchants = new Set(targets.flatMap(({ admitted }) => [...admitted.merchants]));
    let answer = await this.#send(context, { query, variables: { ...variables, ...kept } }, merchants);
    for (const { target, admitted } of targets) {
      answer = echo.checkEntities(answer, admitted.kept, target.responseKey);
      answer = spread(answer, target.responseKey, admitted);
    }
    return answer;
  }

  #admit(
    authorized: Authorized,
    fetch: {
      readonly target: EntityTarget;
      readonly query: string;
      readonly variables: Readonly<Record<string, unknown>>;
    },
  ): AdmittedTarget {
    const { target, query, variables } = fetch;
    const representations = variables[target.variable] as readonly unknown[];
    const { responseKey } = target;
    const admitted = this.#options.gate.admit(authorized, { query, variables, representations, responseKey });
    return { target, admitted };
  }

  async #send(
    { authorized, signal }: FetchContext,
    request: object,
    merchants: ReadonlySet<string> | undefined,
  ): Promise<SubgraphAnswer> {
    const body = JSON.stringify(request);
    const { name, signPermit, transport } = this.#options;
    const permit = await signPermit(authorized, { subgraph: name, body, merchants });
    return readAnswer(await transport({ permit, body }, signal));
  }
}

function nobody(targets: readonly AdmittedTarget[]): SubgraphAnswer {
  const entities = targets.map(({ target, admitted }) => [
    target.responseKey,
    Array.from({ length: admitted.total }, () => null),
  ]);
  return { data: Object.fromEntries(entities) as Record<string, unknown> };
}

/** Puts the entities back where their representations stood. */
function spread(
  answer: SubgraphAnswer,
  responseKey: string,
  admitted: AdmittedRepresentations,
): SubgraphAnswer {
  if (admitted.kept.length === admitted.total) return answer;
  const entities = answer.data?.[responseKey] as readonly unknown[];
  const whole: unknown[] = Array.from({ length: admitted.total }, () => null);
  for (const [j, position] of admitted.positions.entries()) whole[position] = entities[j] ?? null;
  const errors = answer.errors?.map((error) => moved(error, responseKey, admitted));
  return { data: { ...answer.data, [responseKey]: whole }, ...(errors === undefined ? {} : { errors }) };
}

function moved(error: WireError, responseKey: string, admitted: AdmittedRepresentations): WireError {
  const [head, index, ...rest] = error.path ?? [];
  if (head !== responseKey || typeof index !== "number") return error;
  return { ...error, path: [head, admitted.positions[index] ?? index, ...rest] };
}

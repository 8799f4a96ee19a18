import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from "@apollo/gateway";
import type { SubgraphAnswer, WireError } from "../../schema/subgraph.js";
import type { Authorized } from "../inquiry.js";
import type { AdmittedRepresentations, RepresentationGate } from "./representations.js";
import type { SignPermit } from "./sign-permit.js";
import type { Transport } from "./transport.js";

/** What the executor's context value carries to every fetch of one operation. */
export interface FetchContext {
  readonly authorized: Authorized;
}

interface SourceOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly signPermit: SignPermit;
  readonly gate: RepresentationGate;
}

/** One subgraph as the executor sees it: every fetch is gated, permitted, bounded and answered in plain JSON. */
export class SubgraphSource implements GraphQLDataSource<FetchContext> {
  readonly #options: SourceOptions;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** @throws SOURCE_UNAVAILABLE when the subgraph does not answer in time or at all */
  async process(
    options: GraphQLDataSourceProcessOptions<FetchContext>,
  ): ReturnType<GraphQLDataSource["process"]> {
    const { query = "", variables = {} } = options.request;
    const authorized = options.context.authorized;
    const representations = variables["representations"] as readonly unknown[] | undefined;
    if (representations === undefined)
      return asResponse(await this.#send(authorized, { query, variables }, undefined));
    const admitted = this.#options.gate.admit(authorized, { query, variables, representations });
    if (admitted.kept.length === 0) return { data: { _entities: representations.map(() => null) } } as never;
    const body = { query, variables: { ...variables, representations: admitted.kept } };
    return asResponse(spread(await this.#send(authorized, body, admitted.merchants), admitted));
  }

  async #send(
    authorized: Authorized,
    request: object,
    merchants: ReadonlySet<string> | undefined,
  ): Promise<SubgraphAnswer> {
    const body = JSON.stringify(request);
    const permit = await this.#options.signPermit(authorized, {
      subgraph: this.#options.name,
      body,
      merchants,
    });
    return this.#options.transport({ permit, body });
  }
}

/** Puts the entities back where their representations stood; a subgraph that answers another number is not believed. */
function spread(answer: SubgraphAnswer, admitted: AdmittedRepresentations): SubgraphAnswer {
  const entities = answer.data?.["_entities"];
  const whole: unknown[] = Array.from({ length: admitted.total }, () => null);
  if (Array.isArray(entities) && entities.length === admitted.kept.length) {
    for (const [j, position] of admitted.positions.entries()) whole[position] = entities[j];
  }
  const errors = answer.errors?.map((error) => moved(error, admitted));
  return { data: { _entities: whole }, ...(errors === undefined ? {} : { errors }) };
}

function moved(error: WireError, admitted: AdmittedRepresentations): WireError {
  const [head, index, ...rest] = error.path ?? [];
  if (head !== "_entities" || typeof index !== "number") return error;
  return { ...error, path: [head, admitted.positions[index] ?? index, ...rest] };
}

function asResponse(answer: SubgraphAnswer): never {
  return answer as never;
}

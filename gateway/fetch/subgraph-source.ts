import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from "@apollo/gateway";
import type { SubgraphAnswer, WireError } from "../../schema/subgraph.js";
import type { Authorized } from "../inquiry.js";
import type { Echo, Expected } from "./echo.js";
import type { AdmittedRepresentations, RepresentationGate } from "./representations.js";
import type { SignPermit } from "./sign-permit.js";
import { readAnswer, type Transport } from "./transport.js";

/** What the executor's context value carries to every fetch of one operation. */
export interface FetchContext {
  readonly authorized: Authorized;
  /** Whom each root that returns merchants asks about, as it was narrowed. */
  readonly expected: Expected;
}

interface SourceOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly signPermit: SignPermit;
  readonly gate: RepresentationGate;
  readonly echo: Echo;
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
    const { authorized, expected } = options.context;
    const { echo, gate } = this.#options;
    const asking = echo.ask(query, expected);
    // A variable of the operation never bears this name: the federation renames it.
    const representations = variables["representations"] as readonly unknown[] | undefined;
    if (representations === undefined) {
      const answer = await this.#send(authorized, { query: asking, variables }, undefined);
      return asResponse(echo.checkRoots(answer, expected));
    }
    const admitted = gate.admit(authorized, { query, variables, representations });
    if (admitted.kept.length === 0) return { data: { _entities: representations.map(() => null) } } as never;
    const body = { query: asking, variables: { ...variables, representations: admitted.kept } };
    const answer = await this.#send(authorized, body, admitted.merchants);
    return asResponse(spread(echo.checkEntities(answer, admitted.kept), admitted));
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
    return readAnswer(await this.#options.transport({ permit, body }));
  }
}

/** Puts the entities back where their representations stood. */
function spread(answer: SubgraphAnswer, admitted: AdmittedRepresentations): SubgraphAnswer {
  const entities = answer.data?.["_entities"] as readonly unknown[];
  const whole: unknown[] = Array.from({ length: admitted.total }, () => null);
  for (const [j, position] of admitted.positions.entries()) whole[position] = entities[j] ?? null;
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

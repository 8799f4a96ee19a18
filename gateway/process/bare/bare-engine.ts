import {
  type DocumentNode,
  type FormattedExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  parse,
  print,
  validate,
} from "graphql";
import { LRUCache } from "lru-cache";
import { BureauError, ERRORS } from "../../../schema/errors.js";
import type { SubgraphAnswer, WireError } from "../../../schema/subgraph.js";
import type { SubgraphFetch } from "../../fetch/execute/compile-fetch.js";
import { type CompiledPlan, compilePlan } from "../../fetch/execute/compile-plan.js";
import { complete } from "../../fetch/execute/complete.js";
import { type JsonObject, mergeInto } from "../../fetch/execute/objects.js";
import { overHttp } from "../../fetch/http-transport.js";
import { inProcess, readAnswer, type Transport, type TransportLimits } from "../../fetch/transport.js";
import type { SafeNames } from "../../graph/guarded-operation.js";
import type { Operation } from "../../inquiry.js";
import type { CreatePlanner, Planner } from "../../plan/planner.js";
import { createPlanning, type Planning, PLANNING_LIMITS, type PlanningLimits } from "../../plan/planning.js";
import { shapeOf } from "../../graph/shape.js";
import { type PossibleTypes, readPossibleTypes } from "../../graph/possible-types.js";
import { keyFieldsOf, safeNames } from "../../plan/safe-names.js";
import { settleOperation } from "../../plan/settle-operation.js";
import { stripSecurity } from "../../plan/strip-security.js";
import { createReceive, type Receive } from "../../receive/index.js";
import { OPERATION_LIMITS, type OperationLimits } from "../../receive/limits.js";
import { readOperation } from "../../receive/read-operation.js";
import { introspect } from "../engine/introspect.js";

/**
 * WARNING: asks subgraphs without consent, record or permit. Key of an option that only code can give: no text, and so no
 * file, environment variable or request, names it.
 */
export const WITHOUT_CONSENT: unique symbol = Symbol("without consent");

/** Where a subgraph is: an address, or a function of this process that takes the JSON text of a request. */
export type BareSource = URL | ((body: string) => Promise<unknown>);

export interface BareEngineOptions {
  readonly [WITHOUT_CONSENT]: true;
  /** A composed supergraph; rules in it are passed over. */
  readonly supergraphSdl: string;
  /** One for each subgraph that the supergraph names. */
  readonly sources: ReadonlyMap<string, BareSource>;
  /** As `plan/load-planner.ts` gives it. */
  readonly createPlanner: CreatePlanner;
  readonly limits?: Partial<BareLimits>;
  /** Hears of what is masked in answers: bugs, and operations that cannot be planned. */
  readonly onError?: (error: unknown) => void;
}

/** Bounds of one operation and of each fetch it needs. */
export interface BareLimits extends TransportLimits {
  readonly operation: OperationLimits;
  readonly planning: PlanningLimits;
}

const LIMITS: BareLimits = {
  timeoutMs: 5_000,
  answerBytesMax: 8 * 1024 * 1024,
  operation: OPERATION_LIMITS,
  planning: PLANNING_LIMITS,
};
const DOCUMENTS_MAX = 1_000;

/** Planner and executor alone, as any federation gateway has them: for audits, comparisons and benchmarks. */
export interface BareEngine {
  readonly apiSchema: GraphQLSchema;
  /**
   * Executes the body of a GraphQL request. Never rejects: a request that is not right has `errors` and no `data`
   * (GraphQL October 2021, section 7.1).
   */
  execute(body: unknown, signal?: AbortSignal): Promise<FormattedExecutionResult>;
  /** Closes what it opened. */
  close(): Promise<void>;
}

/**
 * Builds the engine without any of the rooms around it.
 * @throws Error when the supergraph is not sound, or names a subgraph that has no source
 */
export function createBareEngine(options: BareEngineOptions): BareEngine {
  if (options[WITHOUT_CONSENT] !== true) throw new TypeError("the bare engine is for code that says so");
  const limits = { ...LIMITS, ...options.limits };
  const document = parse(options.supergraphSdl, { noLocation: true });
  const planner = options.createPlanner(print(stripSecurity(document)));
  const opened = openSources(options, limits);
  const engine: Engine = {
    planner,
    planning: createPlanning(planner, limits.planning),
    types: readPossibleTypes(document),
    receive: createReceive(limits.operation),
    documents: new LRUCache({ max: DOCUMENTS_MAX }),
    prepared: new WeakMap(),
    machinery: keyFieldsOf(options.supergraphSdl),
    transports: opened.transports,
  };
  return {
    apiSchema: planner.apiSchema,
    execute: (body, signal) =>
      execute(engine, body, signal).catch((error: unknown) => refusal(error, options.onError)),
    close: opened.close,
  };
}

interface Engine {
  readonly planner: Planner;
  readonly planning: Planning;
  readonly types: PossibleTypes;
  readonly receive: Receive;
  readonly documents: LRUCache<string, DocumentNode>;
  /** By what was parsed: an operation is prepared once for as long as its document is kept. */
  readonly prepared: WeakMap<OperationDefinitionNode, Prepared>;
  readonly machinery: ReadonlySet<string>;
  readonly transports: ReadonlyMap<string, Transport>;
}

function openSources(
  { supergraphSdl, sources }: BareEngineOptions,
  limits: TransportLimits,
): { readonly transports: ReadonlyMap<string, Transport>; readonly close: () => Promise<void> } {
  const transports = new Map<string, Transport>();
  const closing: (() => Promise<void>)[] = [];
  for (const [, name = ""] of supergraphSdl.matchAll(/@join__graph\(name: "([^"]+)"/g)) {
    const source = sources.get(name);
    if (source === undefined) throw new Error(`the subgraph ${name} has no source`);
    if (!(source instanceof URL)) {
      transports.set(
        name,
        inProcess(async ({ body }) => readAnswer(await source(body)), limits),
      );
      continue;
    }
    const { send, close } = overHttp(source, limits);
    transports.set(name, send);
    closing.push(close);
  }
  return { transports, close: async () => void (await Promise.all(closing.map((close) => close()))) };
}

async function execute(
  engine: Engine,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<FormattedExecutionResult> {
  const request = engine.receive.form(body);
  if ("documentId" in request) throw new BureauError("PERSISTED_DOCUMENT_NOT_FOUND");
  engine.receive.text(request.query);
  const { apiSchema } = engine.planner;
  const document = readDocument(engine, request.query);
  if (!("kind" in document)) return { errors: document.map((error) => error.toJSON()) };
  const { operationName, variables = {} } = request;
  const operation = readOperation(
    { document, operationName, variables, sha256: "" },
    { schema: apiSchema, explains: true },
  );
  const errors: WireError[] = [];
  const data = await fetchData(engine, { operation, operationName, source: request.query, errors, signal });
  const root = apiSchema.getRootType(operation.definition.operation);
  if (root == null) throw new BureauError("OPERATION_NOT_ALLOWED");
  const shape = shapeOf(operation);
  const completed = complete(
    { schema: apiSchema, root, shape, variables: operation.variables, errors, mismatch: failure },
    data,
  );
  return errors.length === 0 ? { data: completed } : { errors, data: completed };
}

function readDocument(
  { documents, planner }: Engine,
  source: string,
): DocumentNode | readonly GraphQLError[] {
  const known = documents.get(source);
  if (known !== undefined) return known;
  const document = parse(source, { noLocation: true });
  const problems = validate(planner.apiSchema, document);
  if (problems.length > 0) return problems;
  documents.set(source, document);
  return document;
}

interface ToFetch {
  readonly operation: Operation;
  readonly operationName: string | undefined;
  readonly source: string;
  readonly errors: WireError[];
  readonly signal: AbortSignal | undefined;
}

interface Prepared {
  /** One after the other: of a mutation each root field is whole before the next begins. */
  readonly parts: readonly { readonly names: SafeNames; readonly run: CompiledPlan }[];
  readonly introspects: boolean;
}

async function prepare(engine: Engine, { operation, operationName, source }: ToFetch): Promise<Prepared> {
  const known = engine.prepared.get(operation.definition);
  if (known !== undefined) return known;
  const settled = settleOperation(engine.planner.apiSchema, operation.document, operation.definition);
  const { documents, introspects } = settled;
  const parts = await Promise.all(
    documents.map(async (document, i) => {
      const { document: safe, names } = safeNames(document, engine.machinery);
      const asked = { document: safe, operationName, key: `${i} ${source}` };
      return { names, run: compilePlan(await engine.planning.plan(asked), engine.types) };
    }),
  );
  const prepared = { parts, introspects };
  engine.prepared.set(operation.definition, prepared);
  return prepared;
}

async function fetchData(engine: Engine, toFetch: ToFetch): Promise<JsonObject> {
  const { operation, errors, signal } = toFetch;
  const { parts, introspects } = await prepare(engine, toFetch);
  const whole: JsonObject = {};
  for (const { names, run } of parts) {
    const data: JsonObject = {};
    const fetched: WireError[] = [];
    await run({
      variables: names.variables(operation.variables),
      data,
      errors: fetched,
      signal,
      ask: (fetch) => ask(engine.transports, fetch, signal),
      failure,
    });
    errors.push(...fetched.map((error) => names.error(error) as WireError));
    mergeInto(whole, names.data(data), engine.types.isAbstract);
  }
  if (introspects) mergeInto(whole, introspect(operation), engine.types.isAbstract);
  return whole;
}

async function ask(
  transports: ReadonlyMap<string, Transport>,
  { step, variables }: SubgraphFetch,
  signal: AbortSignal | undefined,
): Promise<SubgraphAnswer> {
  const transport = transports.get(step.subgraph);
  if (transport === undefined) throw new Error(`the plan names an unknown subgraph: ${step.subgraph}`);
  const { operation: query, operationName } = step;
  const body = JSON.stringify({
    query,
    variables,
    ...(operationName === undefined ? {} : { operationName }),
  });
  return readAnswer(
    await transport({
      request: { permit: undefined, body },
      isQuery: step.operationKind === "query",
      // Whoever asks is nobody: all see the same.
      shareKey: () => body,
      signal,
    }),
  );
}

function failure(): Omit<WireError, "path"> {
  const code = "SOURCE_UNAVAILABLE";
  return { message: ERRORS[code].message, extensions: { code } };
}

/** What a request is refused with; a bug is masked. */
function refusal(error: unknown, onError: BareEngineOptions["onError"]): FormattedExecutionResult {
  if (error instanceof GraphQLError) {
    const { message, locations } = error.toJSON();
    const code = "GRAPHQL_PARSE_FAILED";
    return { errors: [{ message, ...(locations === undefined ? {} : { locations }), extensions: { code } }] };
  }
  if (error instanceof BureauError) {
    const { code, facts } = error;
    return { errors: [{ message: error.message, extensions: { ...facts, code } }] };
  }
  onError?.(error);
  const code = "INTERNAL_SERVER_ERROR";
  return { errors: [{ message: ERRORS.SERVICE_UNAVAILABLE.message, extensions: { code } }] };
}

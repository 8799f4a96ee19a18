import { type DocumentNode, getOperationAST, getVariableValues } from "graphql";
import { BureauError } from "../schema/errors.js";
import type { InquiryLog } from "../schema/ports.js";
import { type Answer, answer, failure } from "./answer/index.js";
import { release } from "./answer/release.js";
import { safeError } from "./answer/safe-error.js";
import { type AuthorizePorts, createAuthorize } from "./authorize/index.js";
import { narrowOperation } from "./authorize/narrow-operation.js";
import { recheck } from "./authorize/recheck.js";
import type { Federation } from "./fetch/federation.js";
import type { Authenticated, Authorized, Fetched, Operation } from "./inquiry.js";
import { createRecord } from "./record/index.js";

/** What the path is built from. */
export interface GatewayPorts extends AuthorizePorts {
  readonly federation: Federation;
  readonly log: InquiryLog;
  /** Told of every error that is masked or ends an operation; never throws. */
  readonly onError: (error: unknown, requestId: string) => void;
}

/** A GraphQL operation that was received, parsed and found valid. */
export interface GraphQLOperation {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly sha256: string;
}

/** The path of an inquiry, from an authenticated operation to its answer; never throws. */
export type Inquire = (authenticated: Authenticated, operation: GraphQLOperation) => Promise<Answer>;

/**
 * authorize, plan and fetch beside record, release, answer: the whole path on one screen. Each stage is a type that
 * only its station can make, so an answer without a record, or a fetch without a decision, does not compile.
 */
export function createInquire(ports: GatewayPorts): Inquire {
  const authorize = createAuthorize(ports);
  const record = createRecord(ports.log);
  return async (authenticated, request) => {
    try {
      const authorized = await authorize(authenticated, readOperation(ports.federation, request));
      const recording = record(authorized);
      const fetched = await fetchPermitted(ports, authorized);
      const current = await withFreshConsent(ports, fetched);
      const released = release(current, ports.index);
      const recorded = await recording.complete(released);
      return answer(recorded);
    } catch (error) {
      ports.onError(error, authenticated.requestId);
      return failure(error);
    }
  };
}

async function fetchPermitted(ports: GatewayPorts, authorized: Authorized): Promise<Fetched> {
  const narrowed = narrowOperation(authorized, ports.index);
  if (narrowed === undefined) return { authorized, data: {}, errors: [] } as unknown as Fetched;
  const fetched = await ports.federation.fetch(authorized, narrowed);
  for (const error of fetched.errors) ports.onError(error, authorized.requestId);
  return { ...fetched, errors: fetched.errors.map(safeError) };
}

/** The answer rests on a check of at most 50 ms ago, whatever the subgraphs took. */
async function withFreshConsent(ports: GatewayPorts, fetched: Fetched): Promise<Fetched> {
  const authorized = await recheck(fetched.authorized, ports);
  return authorized === fetched.authorized ? fetched : { ...fetched, authorized };
}

/** @throws BAD_USER_INPUT when the variables do not fit or no operation is named, OPERATION_NOT_ALLOWED for subscriptions */
function readOperation(federation: Federation, request: GraphQLOperation): Operation {
  const definition = getOperationAST(request.document, request.operationName);
  if (definition == null) {
    const problem = "operationName must name one of the operations";
    throw new BureauError("BAD_USER_INPUT", problem, { facts: { problem } });
  }
  if (definition.operation === "subscription") throw new BureauError("OPERATION_NOT_ALLOWED");
  const schema = federation.apiSchema;
  const coerced = getVariableValues(
    schema,
    definition.variableDefinitions ?? [],
    { ...request.variables },
    { maxErrors: 10 },
  );
  if (coerced.errors !== undefined) {
    const problem = coerced.errors.map((error) => error.message).join("; ");
    throw new BureauError("BAD_USER_INPUT", problem, { facts: { problem } });
  }
  return {
    schema,
    document: request.document,
    definition,
    variables: coerced.coerced,
    sha256: request.sha256,
  };
}

import { BureauError } from "../schema/errors.js";
import type { InquiryLog } from "../schema/ports.js";
import { type Answer, answer, failure } from "./answer/index.js";
import { release } from "./answer/release.js";
import { safeError } from "./answer/safe-error.js";
import { type AuthorizePorts, createAuthorize } from "./authorize/index.js";
import { narrowOperation } from "./authorize/narrow-operation.js";
import { recheck } from "./authorize/recheck.js";
import { CHECK_AGE_MAX_MS } from "./authorize/standing.js";
import type { Federation, PreparedOperation } from "./fetch/federation.js";
import { Bill, type BillParts } from "./receive/bill.js";
import { clientOf, type Quota } from "./receive/budgets.js";
import { type GraphQLOperation, readOperation } from "./receive/read-operation.js";
import type { Authenticated, Authorized, Fetched, Released } from "./inquiry.js";
import { createRecord } from "./record/index.js";

/** What the path is built from. */
export interface GatewayPorts extends AuthorizePorts {
  readonly federation: Federation;
  readonly log: InquiryLog;
  /** Open introspection: refusals may say what the schema holds. */
  readonly introspection: boolean;
  /** What operations cost and what clients may spend. */
  readonly billing: Omit<BillParts, "onExcess">;
  /** Told of every error that is masked or ends an operation; never throws. */
  readonly onError: (error: unknown, requestId: string) => void;
}

/**
 * The path of an inquiry, from an authenticated operation to its answer; never throws. `onQuota` is told how the client's
 * cost budget stands.
 */
export type Inquire = (
  authenticated: Authenticated,
  operation: GraphQLOperation,
  onQuota: (quota: Quota) => void,
) => Promise<Answer>;

/**
 * The bill, authorize, plan and fetch beside record, release, answer: the whole path on one screen. Each stage is a type
 * that only its station can make, so an answer without a record, or a fetch without a decision, does not compile.
 */
export function createInquire(ports: GatewayPorts): Inquire {
  const authorize = createAuthorize(ports);
  const record = createRecord(ports.log);
  const reading = { schema: ports.federation.apiSchema, explains: ports.introspection };
  return async (authenticated, request, onQuota) => {
    const bill = billOf(ports, authenticated);
    try {
      const operation = readOperation(request, reading);
      await bill.charge(operation, onQuota);
      // Planned beside the decision: the plan is the same whatever is decided.
      const planned = ports.federation.prepare(operation);
      planned.catch(() => {});
      const authorized = await authorize(authenticated, operation);
      const recording = record(authorized);
      const fetched = await fetchPermitted(ports, authorized, await planned);
      await recording.decided();
      const current = await withFreshConsent(ports, fetched);
      const released = release(current, ports.index);
      const cost = bill.settle(released.data);
      const releasedAtMs = ports.clock.monotonicMs();
      const recorded = await recording.complete(released);
      await requireUnchanged(ports, released, releasedAtMs);
      return answer(recorded, cost);
    } catch (error) {
      ports.onError(error, authenticated.requestId);
      return failure(error, bill.note(), authenticated.principal);
    }
  };
}

function billOf(ports: GatewayPorts, { principal, requestId }: Authenticated): Bill {
  const onExcess = (excess: number): void =>
    ports.onError(new Error(`an answer cost ${excess} more than estimated`), requestId);
  return new Bill({ ...ports.billing, onExcess }, clientOf(principal));
}

async function fetchPermitted(
  ports: GatewayPorts,
  authorized: Authorized,
  prepared: PreparedOperation,
): Promise<Fetched> {
  const narrowed = narrowOperation(authorized, prepared.guarded, ports.index);
  if (narrowed === undefined) return { authorized, data: {}, errors: [] } as unknown as Fetched;
  const fetched = await ports.federation.fetch(authorized, prepared, narrowed);
  for (const error of fetched.errors) ports.onError(error, authorized.requestId);
  return { ...fetched, errors: fetched.errors.map(safeError) };
}

/** The answer rests on a check of at most 50 ms ago, whatever the subgraphs and the record took. */
async function withFreshConsent(ports: GatewayPorts, fetched: Fetched): Promise<Fetched> {
  const authorized = await recheck(fetched.authorized, ports);
  return authorized === fetched.authorized ? fetched : { ...fetched, authorized };
}

/**
 * To write down what fell short takes time as well. A consent or a standing that ends meanwhile ends the operation: the
 * record says what leaves, and cannot be shortened twice.
 * @throws CONSENT_UNKNOWN, CREDENTIAL_REVOKED
 */
async function requireUnchanged(
  ports: GatewayPorts,
  { authorized }: Released,
  releasedAtMs: number,
): Promise<void> {
  if (ports.clock.monotonicMs() - releasedAtMs <= CHECK_AGE_MAX_MS) return;
  const { inquiries, ended } = await recheck(authorized, ports);
  if (ended.length > authorized.ended.length) throw new BureauError("CREDENTIAL_REVOKED");
  for (const [merchant, inquiry] of authorized.inquiries)
    if (inquiries.get(merchant) !== inquiry)
      throw new BureauError("CONSENT_UNKNOWN", "a consent ended while the record was written");
}

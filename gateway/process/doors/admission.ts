import type { FastifyReply, FastifyRequest } from "fastify";
import type { Authenticate } from "../../authenticate/index.js";
import type { ReadFacts } from "../../http/request-facts.js";
import type { Authenticated } from "../../inquiry.js";
import { type Budgets, clientOf } from "../../receive/budgets.js";
import { rateLimited } from "../../receive/rate-limit-headers.js";
import { announceQuota } from "../quota-headers.js";

interface AdmissionParts {
  readonly readFacts: ReadFacts;
  readonly authenticate: Authenticate;
  readonly budgets: Budgets;
}

/**
 * Who sends a request, and whether it may send one now. Each is asked once per request, whoever asks and how often: a proof
 * is good for one look, and a request is one request of its client's budget.
 */
export interface Admission {
  /** The second station: facts in, and a fresh nonce out where the client should have one. @throws as `Authenticate` does */
  identify(request: FastifyRequest, reply: FastifyReply): Promise<Authenticated>;
  /** The same, and one request of the client's minute. @throws RATE_LIMITED too */
  admit(request: FastifyRequest, reply: FastifyReply): Promise<Authenticated>;
  /** Counts a request that is refused for something else, where its sender is known. @throws RATE_LIMITED */
  count(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** Builds the admission of requests. */
export function createAdmission({ readFacts, authenticate, budgets }: AdmissionParts): Admission {
  const identities = new WeakMap<FastifyRequest, Promise<Authenticated>>();
  const takings = new WeakMap<FastifyRequest, Promise<void>>();
  const identify: Admission["identify"] = (request, reply) =>
    once(identities, request, async () => {
      const authenticated = await authenticate(readFacts(request));
      if (authenticated.nextNonce !== undefined) reply.header("dpop-nonce", authenticated.nextNonce);
      return authenticated;
    });
  const take = (request: FastifyRequest, reply: FastifyReply, { principal }: Authenticated): Promise<void> =>
    once(takings, request, async () => {
      const { isAdmitted, ...quota } = await budgets.takeRequest(clientOf(principal));
      announceQuota(reply, quota);
      if (!isAdmitted) throw rateLimited(quota);
    });
  return {
    identify,
    admit: async (request, reply) => {
      const authenticated = await identify(request, reply);
      await take(request, reply, authenticated);
      return authenticated;
    },
    count: async (request, reply) => {
      const authenticated = await identify(request, reply).catch(() => undefined);
      if (authenticated !== undefined) await take(request, reply, authenticated);
    },
  };
}

function once<T>(
  known: WeakMap<FastifyRequest, Promise<T>>,
  request: FastifyRequest,
  ask: () => Promise<T>,
): Promise<T> {
  const asked = known.get(request) ?? ask();
  known.set(request, asked);
  return asked;
}

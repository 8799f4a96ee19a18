import fastifyApollo from "@as-integrations/fastify";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";
import { ERRORS, isErrorCode } from "../../../schema/errors.js";
import { safeError } from "../../answer/safe-error.js";
import type { createApollo } from "../../apollo.js";
import { mediaTypeOf } from "../media-type.js";
import { announceQuota } from "../quota-headers.js";
import { refusalHeaders } from "../refusal-headers.js";
import { clientGone } from "./client-gone.js";
import { type DoorOptions, type Entry, guardDoor } from "./graphql-door.js";

/** Where the general door is. */
export const GENERAL_PATH = "/graphql";

export interface GeneralDoorOptions extends DoorOptions {
  readonly apollo: ReturnType<typeof createApollo>;
  readonly onError: (error: unknown, requestId: string) => void;
}

/** The general door: any operation, written out or by the id of a trusted document, through Apollo Server. */
export async function generalDoor(app: FastifyInstance, options: GeneralDoorOptions): Promise<void> {
  const entryOf = guardDoor(app, { ...options, takesText: true });
  app.addHook("preHandler", async (request) => {
    const written = writtenOut(entryOf(request));
    if (written !== undefined) request.body = written;
    // Apollo weighs media types by rules of its own; ours were applied already.
    request.headers = { accept: mediaTypeOf(request.headers.accept) };
  });
  await app.register(fastifyApollo(options.apollo), {
    path: GENERAL_PATH,
    method: ["GET", "POST"],
    context: async (request, reply) => {
      try {
        const authenticated = await options.admission.admit(request, reply);
        return { authenticated, onQuota: (quota) => announceQuota(reply, quota), signal: clientGone(reply) };
      } catch (error) {
        options.onError(error, request.id);
        throw challenge(error, request);
      }
    },
  });
}

/** The body that a request for a trusted document would have had, had it been written out. */
function writtenOut({ form, trusted }: Entry): object | undefined {
  if (trusted === undefined) return undefined;
  const { variables, operationName } = form;
  return {
    query: trusted.text,
    ...(variables === undefined ? {} : { variables }),
    ...(operationName === undefined ? {} : { operationName }),
  };
}

/** The status and headers of a refusal at the door, as Apollo wants them told. */
function challenge(error: unknown, request: FastifyRequest): GraphQLError {
  const safe = safeError(error);
  const code = safe.extensions["code"];
  const status = isErrorCode(code) ? ERRORS[code].http : 500;
  const headers = new Map(refusalHeaders(error, request.headers.authorization));
  return new GraphQLError(safe.message, { extensions: { ...safe.extensions, http: { status, headers } } });
}

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { GraphQLError } from "graphql";
import { BureauError, ERRORS } from "../../../schema/errors.js";
import type { TrustedDocument, TrustedDocuments } from "../../receive/documents/trusted-documents.js";
import type { GraphQLForm, Receive } from "../../receive/index.js";
import { limitArrival } from "../arrival.js";
import { toAskedMedia } from "../graphql-media.js";
import { isAcceptable } from "../media-type.js";
import type { Admission } from "./admission.js";

export interface DoorOptions {
  readonly receive: Receive;
  readonly documents: TrustedDocuments;
  readonly admission: Admission;
  /** The whole of a GraphQL request arrives within this. */
  readonly arrivalTimeoutMs: number;
}

/** A request that has passed the first station. */
export interface Entry {
  readonly form: GraphQLForm;
  /** The document that `form` names; `undefined` where the operation is written out. */
  readonly trusted: TrustedDocument | undefined;
}

/**
 * What every door for GraphQL does before its own handler: time to arrive, encoding, method, media type, form, limits, trust.
 * Both doors stand behind this one, so neither can be more patient than the other. Returns where the entries lie.
 */
export function guardDoor(
  app: FastifyInstance,
  options: DoorOptions & { readonly takesText: boolean },
): (request: FastifyRequest) => Entry {
  const entries = new WeakMap<FastifyRequest, Entry>();
  limitArrival(app, options.arrivalTimeoutMs);
  app.addHook("onRequest", async ({ headers }) => {
    // Nothing is unpacked at this door: an operation is small.
    if ((headers["content-encoding"] ?? "identity").toLowerCase() !== "identity")
      throw new BureauError("UNSUPPORTED_MEDIA_TYPE", "content-encoding");
  });
  app.addHook("onSend", async (request, reply, payload) => toAskedMedia(request, reply, payload));
  app.addHook("preHandler", async (request, reply) => {
    reply.header("cache-control", "no-store");
    if (request.method !== "POST") {
      reply.header("allow", "POST");
      throw new GraphQLError(ERRORS.OPERATION_NOT_ALLOWED.message, {
        extensions: { code: "OPERATION_NOT_ALLOWED" },
      });
    }
    try {
      entries.set(request, await enter(options, request, reply));
    } catch (refused) {
      await options.admission.count(request, reply);
      throw refused;
    }
  });
  return (request) => {
    const entry = entries.get(request);
    if (entry === undefined) throw new Error("a request went past the first station");
    return entry;
  };
}

/**
 * The first station. A stranger is told nothing of which documents are trusted, and the text of a client that may send none
 * is not read: in both cases the second station comes before the rest of the first.
 */
async function enter(
  { receive, documents, admission, takesText }: DoorOptions & { readonly takesText: boolean },
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Entry> {
  if (!isAcceptable(request.headers.accept)) throw new NotAcceptable();
  const form = receive.form(request.body);
  if ("documentId" in form) {
    await admission.admit(request, reply);
    return { form, trusted: documents.find(form.documentId, form.operationName) };
  }
  if (!takesText || documents.isRequiredOfAny) {
    const { principal } = await admission.admit(request, reply);
    if (!takesText || documents.isRequiredOf(principal.clientId))
      throw new BureauError("PERSISTED_DOCUMENT_REQUIRED");
  }
  receive.text(form.query);
  return { form, trusted: undefined };
}

/** Neither of our media types is acceptable (RFC 9110 section 15.5.7); known before anything is asked, so nothing is recorded. */
class NotAcceptable extends Error {
  readonly statusCode = 406;
}

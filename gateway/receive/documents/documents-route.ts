import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { GraphQLSchema } from "graphql";
import type { Authenticated } from "../../inquiry.js";
import type { Quota } from "../budgets.js";
import type { GraphQLForm } from "../index.js";
import type { GraphQLOperation } from "../read-operation.js";
import type { TrustedDocument } from "./trusted-documents.js";

/** Where the lean door is. */
export const DOCUMENTS_PATH = "/graphql/documents";

/** The path as this door needs it; what an answer is made of is not its business. */
interface DocumentsRouteOptions<Answer> {
  /** What passed the first station. */
  entryOf(request: FastifyRequest): {
    readonly form: GraphQLForm;
    readonly trusted: TrustedDocument | undefined;
  };
  admit(request: FastifyRequest, reply: FastifyReply): Promise<Authenticated>;
  /** The path for operations that are valid against a schema. */
  inquireOf(
    schema: GraphQLSchema,
  ): (
    authenticated: Authenticated,
    operation: GraphQLOperation,
    onQuota: (quota: Quota) => void,
    signal: AbortSignal,
  ) => Promise<Answer>;
  /** Says on the reply how the client's budget stands. */
  onQuota(reply: FastifyReply, quota: Quota): void;
  /** Aborts when the client is gone. */
  signalOf(reply: FastifyReply): AbortSignal;
  send(reply: FastifyReply, answer: Answer): FastifyReply;
}

/**
 * The lean door, for trusted documents alone: `POST /graphql/documents` with `documentId`, `variables`, `operationName`. The
 * document was parsed, measured and validated at the start; what is left is who asks, and the path.
 */
export function documentsRoute<Answer>(app: FastifyInstance, options: DocumentsRouteOptions<Answer>): void {
  const { entryOf, admit, inquireOf, onQuota, signalOf, send } = options;
  app.route({
    // GET is refused by what stands before every door, in the same words.
    method: ["GET", "POST"],
    url: DOCUMENTS_PATH,
    handler: async (request, reply) => {
      const { form, trusted } = entryOf(request);
      if (trusted === undefined) throw new Error("an operation that is not trusted came in by the lean door");
      const operation = {
        document: trusted.document,
        operationName: trusted.operationName,
        variables: form.variables ?? {},
        sha256: trusted.id,
      };
      const authenticated = await admit(request, reply);
      const inquire = inquireOf(trusted.schema);
      return send(
        reply,
        await inquire(authenticated, operation, (quota) => onQuota(reply, quota), signalOf(reply)),
      );
    },
  });
}

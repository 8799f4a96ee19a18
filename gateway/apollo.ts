import { ApolloServer, type ApolloServerOptionsWithGateway, type ApolloServerPlugin } from "@apollo/server";
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import type { GraphQLFormattedError } from "graphql";
import { isErrorCode } from "../schema/errors.js";
import type { Federation } from "./fetch/federation.js";
import type { Inquire } from "./gateway.js";
import type { Authenticated } from "./inquiry.js";
import type { Quota } from "./receive/budgets.js";
import { maskedError, safeError } from "./answer/safe-error.js";

/** The context value of one request. */
export interface RequestContext {
  readonly authenticated: Authenticated;
  /** Told how the client's budgets stand. */
  readonly onQuota: (quota: Quota) => void;
}

type GatewayInterface = NonNullable<ApolloServerOptionsWithGateway<RequestContext>["gateway"]>;

const APOLLO_CODES: ReadonlySet<string> = new Set([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "BAD_USER_INPUT",
  "OPERATION_RESOLUTION_FAILURE",
  "BAD_REQUEST",
]);

/**
 * Where introspection is closed, an operation that is not valid is only that: what is wrong with it, where and how often,
 * would tell the fields of the schema from others, one guess at a time.
 */
const NOT_VALID: GraphQLFormattedError = {
  message: "The operation is not valid here.",
  extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
};

/** One error, however many there are. */
const oneValidationError: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response: { body } }) => {
      if (body.kind === "single" && body.singleResult.errors?.[0] === NOT_VALID)
        body.singleResult.errors = [NOT_VALID];
    },
  }),
};

export interface ApolloOptions {
  readonly federation: Federation;
  readonly inquire: Inquire;
  /** Off unless the operator opens it: names and types then stay unknown to strangers. */
  readonly introspection: boolean;
}

/** The general door: Apollo Server in front of the path. The only file that knows its hooks. */
export function createApollo(options: ApolloOptions): ApolloServer<RequestContext> {
  const server = new ApolloServer<RequestContext>({
    gateway: asGateway(options),
    introspection: options.introspection,
    includeStacktraceInErrorResponses: false,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    hideSchemaDetailsFromClientErrors: !options.introspection,
    stopOnTerminationSignals: false,
    status400ForVariableCoercionErrors: true,
    nodeEnv: "production",
    apollo: {},
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      ...(options.introspection ? [] : [oneValidationError]),
    ],
    formatError: (formatted) => formatError(formatted, options.introspection),
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  return server;
}

function asGateway({ federation, inquire }: ApolloOptions): GatewayInterface {
  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: federation.apiSchema, coreSupergraphSdl: "" });
      return () => {};
    },
    load: async () => ({
      executor: async (context) => {
        const { authenticated, onQuota } = context.context as RequestContext;
        const operation = {
          document: context.document,
          operationName: context.operationName ?? undefined,
          variables: context.request.variables ?? {},
          sha256: context.queryHash,
        };
        const result = await inquire(authenticated, operation, onQuota);
        return result as Awaited<
          ReturnType<NonNullable<Awaited<ReturnType<GatewayInterface["load"]>>["executor"]>>
        >;
      },
    }),
    stop: async () => {},
  };
}

/** The last look at an error: registered codes and Apollo's own for a bad request; anything else is masked. */
function formatError(formatted: GraphQLFormattedError, introspection: boolean): GraphQLFormattedError {
  const code = formatted.extensions?.["code"];
  if (typeof code === "string" && APOLLO_CODES.has(code) && !isErrorCode(code)) {
    if (code === "GRAPHQL_VALIDATION_FAILED" && !introspection) return NOT_VALID;
    return { ...formatted, extensions: { code } };
  }
  if (isErrorCode(code)) return { ...formatted, ...strip(safeError(formatted)) };
  if (code === "INTERNAL_SERVER_ERROR" && typeof formatted.extensions?.["errorId"] === "string")
    return formatted;
  return { ...formatted, ...strip(maskedError()) };
}

function strip(error: ReturnType<typeof safeError>): Pick<GraphQLFormattedError, "message" | "extensions"> {
  return { message: error.message, extensions: { ...error.extensions } };
}

import { GATEWAY_SETTINGS } from "../../../../gateway/config.js";
import { AUDIENCE, ISSUER } from "../market/issuer.js";
import { type Child, freePort, startChild } from "../processes/child.js";
import type { ProcessReport } from "../preloads/report-process.js";
import { PROFILE_DOCUMENT_ID, PROFILE_QUERY } from "../workload/profile-query.js";
import type { Contender, Field, Running } from "./contender.js";

interface Form {
  readonly door: "general" | "lean";
  readonly subgraphs: "in process" | "over HTTP";
  readonly scheme: "bearer" | "dpop";
}

const GENERAL_PATH = "/graphql";
/** Where trusted documents come in. */
const LEAN_PATH = "/graphql/documents";
const DOCUMENTS_VARIABLE = "XINQIAO_DOCUMENTS";
const MEMOIZING = "test/bench/engine/preloads/memoize-subgraphs.ts";
const REPORTING = "test/bench/engine/preloads/report-process.ts";

/** The gateway as `npm start` runs it: every station of the path, every check, every record. */
export function ourGateway(form: Form): Contender {
  const scheme = form.scheme === "dpop" ? ", DPoP" : "";
  return {
    id: [
      form.door,
      ...(form.scheme === "dpop" ? ["dpop"] : []),
      form.subgraphs === "over HTTP" ? "http" : "in-process",
    ].join("-"),
    title: `Xinqiao, ${form.door} door, subgraphs ${form.subgraphs}${scheme}`,
    kind: "ours",
    ...(form.door === "general" ? {} : { unavailable: async () => leanDoorMissing() }),
    start: async (field, nodeOptions) => {
      const { child, origin } = await startGateway(field, { form, nodeOptions });
      return runningOf(form, { child, origin, field });
    },
  };
}

function leanDoorMissing(): string | undefined {
  const isKnown = Object.values(GATEWAY_SETTINGS).some(({ env }) => env === DOCUMENTS_VARIABLE);
  return isKnown ? undefined : `this gateway has no trusted documents (${DOCUMENTS_VARIABLE})`;
}

/** Over HTTP the shared process remembers, and the gateway is the one that is shipped. */
function isRemembering({ subgraphs }: Field, form: Form): boolean {
  return subgraphs.isMemoized && form.subgraphs === "in process";
}

/** Starts `gateway/main.ts` on the market, with an issuer of the operator's own and budgets that nobody reaches. */
async function startGateway(
  field: Field,
  { form, nodeOptions }: { readonly form: Form; readonly nodeOptions?: readonly string[] | undefined },
): Promise<{ readonly child: Child; readonly origin: string }> {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { roles, folder } = field.market;
  const urls = Object.entries(field.subgraphUrls).map(([name, url]) => `${name}=${url}`);
  const child = await startChild({
    file: "gateway/main.ts",
    nodeOptions,
    preloads: [REPORTING, ...(isRemembering(field, form) ? [MEMOIZING] : [])],
    readyUrl: `${origin}/health/ready`,
    env: {
      XINQIAO_PORT: String(port),
      XINQIAO_PUBLIC_URL: origin,
      XINQIAO_DATA_FOLDER: folder,
      XINQIAO_DATABASE_URL: roles.connectionString,
      XINQIAO_DATABASE_OWNER_URL: roles.ownerConnectionString,
      XINQIAO_SEED_MARKET: "false",
      XINQIAO_LOG_LEVEL: "error",
      XINQIAO_TOKEN_ISSUER: ISSUER,
      XINQIAO_TOKEN_AUDIENCE: AUDIENCE,
      XINQIAO_TOKEN_ALGORITHMS: "EdDSA",
      XINQIAO_TOKEN_JWKS_URL: field.issuer.jwksUrl,
      // An operator may let banks come as bearers; officers never ask here.
      XINQIAO_BOUND_PARTIES: form.scheme === "dpop" ? "bank" : "officer",
      XINQIAO_BUDGET_REQUESTS: "1000000",
      XINQIAO_BUDGET_COST: "1000000000",
      XINQIAO_BUDGET_INQUIRIES: "1000000",
      XINQIAO_OPERATION_COST_MAX: "400000000",
      // On a machine that the load generator shares, a part can be late without anything being wrong.
      XINQIAO_LEDGER_TIMEOUT: "10s",
      XINQIAO_RECORD_TIMEOUT: "20s",
      XINQIAO_SUBGRAPH_TIMEOUT: "20s",
      XINQIAO_POOL_MAX: String(field.subgraphs.poolMax),
      ...(form.subgraphs === "over HTTP" ? { XINQIAO_SUBGRAPH_URLS: urls.join(",") } : {}),
      ...(form.door === "lean" ? { [DOCUMENTS_VARIABLE]: field.documentsFolder } : {}),
    },
  });
  return { child, origin };
}

function runningOf(
  form: Form,
  { child, origin, field }: { readonly child: Child; readonly origin: string; readonly field: Field },
): Running {
  const isLean = form.door === "lean";
  return {
    pid: child.pid,
    origin,
    path: isLean ? LEAN_PATH : GENERAL_PATH,
    body: (variables) =>
      JSON.stringify(
        isLean ? { documentId: PROFILE_DOCUMENT_ID, variables } : { query: PROFILE_QUERY, variables },
      ),
    tokens: field.tokens[form.scheme],
    proofKey: form.scheme === "dpop" ? field.issuer.proofKey : undefined,
    ask: (message) => child.ask(message) as Promise<ProcessReport>,
    stop: () => child.stop(),
  };
}

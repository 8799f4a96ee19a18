import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import * as oidc from "openid-client";
import { systemClock } from "../../foundation/clock.js";
import { ConfigError } from "../../foundation/config.js";
import { createProofSigner } from "../../foundation/tokens.js";
import type { GatewaySettings } from "../../gateway/config.js";
import {
  dataPaths,
  hasSyntheticMarket,
  ownNames,
  readGatewaySettings,
} from "../../gateway/process/settings.js";
import { CATEGORIES, isCategory, type Level, LEVELS } from "../../schema/categories.js";
import { PROFILE_DETAIL_TYPE } from "../../schema/claims.js";
import { DEFAULT_SCOPES, type Party, PARTIES, type Scope, SCOPES } from "../../schema/parties.js";
import { type Purpose, PURPOSES } from "../../schema/purposes.js";
import { createBoundClient, postAsBearer } from "../demo/bound-client.js";
import { clientKeyFile, marketPerson, MERCHANT_APP } from "../market/market-parties.js";
import { openRegistry } from "./open-registry.js";
import { explain, type IssuerClient, openIssuerClient } from "./issuer-client.js";
import { signIn } from "./sign-in.js";

const HELP = `Takes an access token of the running bureau's authorization server for a party of the synthetic market.

  npm run --silent token -- --bank demo-bank          client credentials, private_key_jwt, bound to a key (DPoP)
  npm run --silent token -- --merchant USCC           pushed request, PKCE, login and consent page, code
  npm run --silent token -- --platform taoyuan-market client credentials
  npm run --silent token -- --officer officer-1       client credentials

  --url URL           the bureau; default its address in the settings (http://127.0.0.1:4000)
  --scope NAME        may be repeated; default: what the party usually has
  --category NAME     banks: may be repeated; default: all (${CATEGORIES.join(" ")})
  --level NAME        banks: may be repeated (${LEVELS.join(" ")}); default: SUMMARY
  --purpose NAME      banks: may be repeated; default: all
  --for USCC          banks: limits the token to merchants; may be repeated

Printed is the token; or instead:

  --headers METHOD ADDRESS   the header lines of one request with the token, its proof and the nonce among them, for
                             curl: npm run --silent token -- --bank demo-bank --headers POST http://127.0.0.1:4000/graphql \\
                               | curl -sS http://127.0.0.1:4000/graphql -H @- -H 'content-type: application/json' --data '...'
  --ask JSON                 the answer to a GraphQL request with the token; - reads the request from standard input

The private keys and passwords of the market's parties lie in the data folder (XINQIAO_DATA_FOLDER). A token lives for minutes.
`;

type Values = ReturnType<typeof readArguments>["values"];

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : explain(error)}\n`);
  process.exitCode = 1;
}

function readArguments() {
  return parseArgs({
    options: {
      bank: { type: "string" },
      merchant: { type: "string" },
      platform: { type: "string" },
      officer: { type: "string" },
      url: { type: "string" },
      scope: { type: "string", multiple: true },
      category: { type: "string", multiple: true },
      level: { type: "string", multiple: true },
      purpose: { type: "string", multiple: true },
      for: { type: "string", multiple: true },
      headers: { type: "boolean" },
      ask: { type: "string" },
      help: { type: "boolean" },
    },
    allowPositionals: true,
  });
}

async function main(): Promise<number> {
  const { values, positionals } = readArguments();
  const parties = PARTIES.filter((party) => values[party] !== undefined);
  const [party] = parties;
  const isAsked = party !== undefined && parties.length === 1;
  const hasRequest = values.headers === true ? positionals.length === 2 : positionals.length === 0;
  if (values.help === true || !isAsked || !hasRequest) {
    (values.help === true ? process.stdout : process.stderr).write(HELP);
    return values.help === true ? 0 : 1;
  }
  const settings = readGatewaySettings(process.env);
  if (!hasSyntheticMarket(settings))
    throw new TypeError("there is no synthetic market here: only its parties' keys lie in the data folder");
  const url = values.url?.replace(/\/(graphql)?$/, "") ?? ownNames(settings, settings.port).audience;
  const id = String(values[party]);
  const client = await openIssuerClient(url, {
    id: party === "merchant" ? MERCHANT_APP : id,
    keyFile: clientKeyFile(dataPaths(settings).clients, party === "merchant" ? MERCHANT_APP : id),
  });
  const token = await takeToken(client, { party, id, values, settings });
  const { ask } = values;
  if (values.headers === true) await printHeaders(client, party, { token, request: positionals });
  else if (ask === undefined) process.stdout.write(`${token}\n`);
  else return printAnswer(client, party, { token, url: `${url}/graphql`, ask });
  return 0;
}

/** Whoever acts for a merchant of the synthetic market; made on demand. */
async function personOf(merchant: string, settings: GatewaySettings): ReturnType<typeof marketPerson> {
  const { registry, close } = await openRegistry(settings);
  try {
    return await marketPerson(registry, dataPaths(settings).people, merchant);
  } finally {
    await close();
  }
}

async function takeToken(
  client: IssuerClient,
  { party, id, values, settings }: { party: Party; id: string; values: Values; settings: GatewaySettings },
): Promise<string> {
  const scope = (known<Scope>("scope", values.scope, SCOPES) ?? DEFAULT_SCOPES[party]).join(" ");
  if (party === "merchant") return signIn(client, await personOf(id, settings), scope);
  const details = party === "bank" ? { authorization_details: JSON.stringify([detailOf(values)]) } : {};
  const parameters = { scope, resource: client.resource, ...details };
  const binding = party === "bank" ? { DPoP: client.dpop } : {};
  return (await oidc.clientCredentialsGrant(client.config, parameters, binding)).access_token;
}

function detailOf(values: Values): object {
  const purposes =
    known<Purpose>("purpose", values.purpose, PURPOSES) ??
    PURPOSES.filter((purpose) => purpose !== "OWN_QUERY");
  const privileges = known<Level>("level", values.level, LEVELS);
  return {
    type: PROFILE_DETAIL_TYPE,
    purposes,
    datatypes: known("category", values.category, CATEGORIES.filter(isCategory)) ?? CATEGORIES,
    ...(values.for === undefined ? {} : { merchants: values.for }),
    ...(privileges === undefined ? {} : { privileges }),
  };
}

function known<T extends string>(
  name: string,
  given: readonly string[] | undefined,
  words: readonly T[],
): readonly T[] | undefined {
  const stranger = given?.find((word) => !(words as readonly string[]).includes(word));
  if (stranger !== undefined)
    throw new TypeError(`--${name} ${stranger} is unknown; choose from ${words.join(", ")}`);
  return given as readonly T[] | undefined;
}

/** A bound token needs a proof of this very request; a question about nothing is sent first, to learn the nonce. */
async function printHeaders(
  { proofKey }: IssuerClient,
  party: Party,
  { token, request: [method = "", url = ""] }: { token: string; request: readonly string[] },
): Promise<void> {
  if (!/^[A-Z]+$/.test(method) || !URL.canParse(url))
    throw new TypeError("--headers takes a METHOD in capitals and a whole ADDRESS");
  if (party !== "bank") {
    process.stdout.write(`Authorization: Bearer ${token}\n`);
    return;
  }
  const sign = await createProofSigner(proofKey);
  const prove = (nonce: string | undefined): Promise<string> =>
    sign({ method, url, accessToken: token, nonce, now: systemClock.now() });
  const headers = { authorization: `DPoP ${token}`, dpop: await prove(undefined) };
  const nothing =
    method === "POST"
      ? { body: '{"query":"{ __typename }"}', headers: { ...headers, "content-type": "application/json" } }
      : { headers };
  const response = await fetch(url, { method, redirect: "manual", ...nothing });
  await response.body?.cancel();
  const proof = await prove(response.headers.get("dpop-nonce") ?? undefined);
  process.stdout.write(`Authorization: DPoP ${token}\nDPoP: ${proof}\n`);
}

async function printAnswer(
  { proofKey }: IssuerClient,
  party: Party,
  { token, url, ask }: { token: string; url: string; ask: string },
): Promise<number> {
  const body = ask === "-" ? await text(process.stdin) : ask;
  const request = { url, token, headers: { "content-type": "application/json" }, body };
  const client = await createBoundClient(proofKey);
  const response = await (party === "bank" ? client.post(request) : postAsBearer(request));
  process.stdout.write(`${await response.text()}\n`);
  return response.ok ? 0 : 1;
}

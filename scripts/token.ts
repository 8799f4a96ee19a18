import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { systemClock } from "../foundation/clock.js";
import { ConfigError } from "../foundation/config.js";
import { loadOrCreateKey } from "../foundation/key-store.js";
import { createSigner, thumbprintOf } from "../foundation/tokens.js";
import { createDevelopmentIssuer, type TokenRequest } from "../gateway/process/development-issuer.js";
import { loadKeys } from "../gateway/process/open-bureau.js";
import {
  clientKeyFile,
  dataPaths,
  DEVELOPMENT_AUDIENCE,
  DEVELOPMENT_ISSUER,
  isDevelopment,
  readGatewaySettings,
} from "../gateway/process/settings.js";
import { CATEGORIES, isCategory } from "../schema/categories.js";
import { type Party, PARTIES, type Scope, SCOPES } from "../schema/parties.js";
import { type Purpose, PURPOSES } from "../schema/purposes.js";
import { createBoundClient, postAsBearer } from "./demo/bound-client.js";

const HELP = `Prints an access token of the development issuer.

  npm run --silent token -- --bank demo-bank
  npm run --silent token -- --merchant USCC
  npm run --silent token -- --platform taoyuan-market
  npm run --silent token -- --officer officer-1

  --scope NAME        may be repeated; default: what the party usually has
  --category NAME     banks: may be repeated; default: all (${CATEGORIES.join(" ")})
  --purpose NAME      banks: may be repeated; default: all
  --for USCC          banks: limits the token to merchants; may be repeated
  --lifetime SECONDS  1 to 86400; default 3600

  --ask JSON          sends a GraphQL request with the token, as its client would, and prints the answer instead;
                      - reads it from standard input
  --url URL           where to; default http://127.0.0.1:4000/graphql

A bank's token is bound to the development client's key in the data folder, and each request brings a fresh proof of it.
`;

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `${error instanceof ConfigError || error instanceof TypeError ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      bank: { type: "string" },
      merchant: { type: "string" },
      platform: { type: "string" },
      officer: { type: "string" },
      scope: { type: "string", multiple: true },
      category: { type: "string", multiple: true },
      purpose: { type: "string", multiple: true },
      for: { type: "string", multiple: true },
      lifetime: { type: "string" },
      ask: { type: "string" },
      url: { type: "string", default: "http://127.0.0.1:4000/graphql" },
      help: { type: "boolean" },
    },
  });
  const parties = PARTIES.filter((party) => values[party] !== undefined);
  const [party] = parties;
  if (values.help === true || party === undefined || parties.length > 1) {
    (values.help === true ? process.stdout : process.stderr).write(HELP);
    return values.help === true ? 0 : 1;
  }
  const settings = readGatewaySettings(process.env);
  if (!isDevelopment(settings)) throw new TypeError("another issuer is configured; ask it for tokens");
  const keys = await loadKeys(dataPaths(settings).keys);
  const issue = createDevelopmentIssuer({
    signer: await createSigner(keys.issuer),
    issuer: DEVELOPMENT_ISSUER,
    audience: DEVELOPMENT_AUDIENCE,
    clock: systemClock,
  });
  const clientKey = await loadOrCreateKey(clientKeyFile(settings));
  const bound = party === "bank" ? { jkt: await thumbprintOf(clientKey) } : {};
  const token = await issue({ ...requestOf(party, values), ...bound });
  const { ask, url } = values;
  if (ask === undefined) return (process.stdout.write(`${token}\n`), 0);
  const body = ask === "-" ? await text(process.stdin) : ask;
  const request = { url, token, headers: { "content-type": "application/json" }, body };
  const client = await createBoundClient(clientKey);
  const response = await (party === "bank" ? client.post(request) : postAsBearer(request));
  process.stdout.write(`${await response.text()}\n`);
  return response.ok ? 0 : 1;
}

function requestOf(
  party: Party,
  values: { [key: string]: string | string[] | boolean | undefined },
): TokenRequest {
  const known = <T extends string>(name: string, words: readonly T[]): readonly T[] | undefined => {
    const given = values[name] as string[] | undefined;
    const stranger = given?.find((word) => !(words as readonly string[]).includes(word));
    if (stranger !== undefined)
      throw new TypeError(`--${name} ${stranger} is unknown; choose from ${words.join(", ")}`);
    return given as readonly T[] | undefined;
  };
  const scopes = known<Scope>("scope", SCOPES);
  const categories = known("category", CATEGORIES.filter(isCategory));
  const purposes = known<Purpose>("purpose", PURPOSES);
  const lifetimeSeconds = values["lifetime"] === undefined ? 3_600 : Number(values["lifetime"]);
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1 || lifetimeSeconds > 86_400)
    throw new TypeError("--lifetime must be 1 to 86400 seconds");
  const merchants = values["for"] as readonly string[] | undefined;
  return {
    party,
    id: String(values[party]),
    lifetimeSeconds,
    ...(scopes === undefined ? {} : { scopes }),
    ...(categories === undefined ? {} : { categories }),
    ...(purposes === undefined ? {} : { purposes }),
    ...(merchants === undefined ? {} : { merchants }),
  };
}

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { StoredClient } from "../../authorization-server/clients/client-store.js";
import type { KeySet } from "../../foundation/tokens.js";
import { type Party, PARTIES } from "../../schema/parties.js";
import { type Purpose, PURPOSES } from "../../schema/purposes.js";
import {
  argumentOf,
  CommandError,
  instant,
  operator,
  type Row,
  runCommand,
  runVerb,
  type Verbs,
  withRegistry,
} from "./command.js";

const HELP = `Registers the software of banks, platforms, officers and merchants' apps with the authorization server.

  npm run client -- add CLIENT_ID --party PARTY --id ID --name NAME --jwks FILE
                    [--redirect-uri URI ...] [--purpose PURPOSE ...]
  npm run client -- list [--party PARTY] [--id ID]
  npm run client -- set-keys CLIENT_ID --jwks FILE       its keys from now on
  npm run client -- end CLIENT_ID --reason TEXT          for good, with every token it was given
  npm run client -- end-key THUMBPRINT --reason TEXT     a key that tokens are bound to (cnf.jkt), with those tokens

  --party PARTY         ${PARTIES.join(", ")}
  --id ID               the party's own id, as tokens name it
  --name NAME           what merchants are shown before they consent
  --jwks FILE           public keys (JWKS or one JWK): ES256, EdDSA or PS256, each with a kid
  --redirect-uri URI    where merchants are sent back to: exact, https; may be repeated
  --purpose PURPOSE     banks: the purposes that it may ask for; may be repeated; default: all of a bank's
  --reason TEXT         stands on record
  --json                JSON instead of a table

It works beside a running bureau, with the bureau's settings (docs/configuration.md).
`;

function readArguments() {
  return parseArgs({
    options: {
      party: { type: "string" },
      id: { type: "string" },
      name: { type: "string" },
      jwks: { type: "string" },
      "redirect-uri": { type: "string", multiple: true },
      purpose: { type: "string", multiple: true },
      reason: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
    allowPositionals: true,
  });
}

type Values = ReturnType<typeof readArguments>["values"];

async function main(): Promise<number> {
  return runVerb(VERBS, readArguments(), HELP);
}

const VERBS: Verbs<Values> = {
  add: async (values, positionals) => {
    const clientId = argumentOf(positionals, "client id");
    const { party, id, name } = values;
    if (party === undefined || id === undefined || name === undefined)
      throw new CommandError("--party, --id and --name are required");
    const client = {
      clientId,
      party: party as Party,
      partyId: id,
      name,
      jwks: await readKeys(values.jwks),
      redirectUris: values["redirect-uri"] ?? [],
      ...(values.purpose === undefined ? {} : { purposes: values.purpose.map(purposeOf) }),
    };
    return [await withRegistry(async ({ clients }) => rowOf(await clients.add(client)))];
  },
  list: async ({ party, id }) => {
    const filter = {
      ...(party === undefined ? {} : { party: party as Party }),
      ...(id === undefined ? {} : { partyId: id }),
    };
    return withRegistry(async ({ clients }) => (await clients.list(filter)).map(rowOf));
  },
  "set-keys": async (values, positionals) => {
    const clientId = argumentOf(positionals, "client id");
    const jwks = await readKeys(values.jwks);
    return [await withRegistry(async ({ clients }) => rowOf(await clients.setKeys(clientId, jwks)))];
  },
  end: async ({ reason }, positionals) => {
    const clientId = argumentOf(positionals, "client id");
    const by = operator(reason);
    return [await withRegistry(async (registry) => rowOf(await registry.endClient(clientId, by)))];
  },
  "end-key": async ({ reason }, positionals) => {
    const thumbprint = argumentOf(positionals, "thumbprint");
    if (!/^[A-Za-z0-9_-]{43}$/.test(thumbprint))
      throw new CommandError("a thumbprint is 43 characters of base64url (RFC 7638)");
    const by = operator(reason);
    await withRegistry((registry) => registry.endKey(thumbprint, by));
    return [{ key: thumbprint, state: "ended" }];
  },
};

function rowOf({
  clientId,
  party,
  partyId,
  name,
  jwks,
  redirectUris,
  createdAt,
  endedAt,
}: StoredClient): Row {
  return {
    client: clientId,
    party,
    id: partyId,
    name,
    keys: jwks.keys.map(({ kid }) => kid ?? "").join(" "),
    redirects: redirectUris.join(" "),
    created: instant(createdAt),
    ended: instant(endedAt),
  };
}

function purposeOf(word: string): Purpose {
  const purpose = PURPOSES.find((known) => known === word);
  if (purpose === undefined)
    throw new CommandError(`--purpose ${word} is unknown; choose from ${PURPOSES.join(", ")}`);
  return purpose;
}

async function readKeys(file: string | undefined): Promise<KeySet> {
  if (file === undefined) throw new CommandError("--jwks FILE is required");
  const content = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${file} cannot be read: ${error.code ?? error.message}`);
  });
  try {
    const value = JSON.parse(content) as { keys?: unknown; kty?: unknown };
    if (Array.isArray(value.keys)) return value as KeySet;
    if (typeof value.kty === "string") return { keys: [value] } as KeySet;
  } catch {
    // Told below, with what was expected.
  }
  throw new CommandError(`${file} holds neither a JWKS nor a JWK (RFC 7517)`);
}

await runCommand(main);

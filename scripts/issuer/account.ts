import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import type { Account } from "../../authorization-server/accounts/account-store.js";
import { randomSecret } from "../../foundation/tokens.js";
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

const HELP = `Registers the people who act for merchants with the authorization server.

  npm run account -- add LOGIN --merchant USCC --name NAME [--password-file FILE]
  npm run account -- list [--merchant USCC]
  npm run account -- set-password ACCOUNT_ID [--password-file FILE]   and signs the person out everywhere
  npm run account -- end ACCOUNT_ID --reason TEXT                     for good; what the merchant granted to banks lives on

  --merchant USCC        the merchant that the person acts for
  --name NAME            the person's name
  --password-file FILE   the password on its first line; - reads standard input; absent makes one and prints it once
  --reason TEXT          stands on record
  --json                 JSON instead of a table

The account id is the signatory in tokens and consents. It works beside a running bureau, with the bureau's settings.
`;

function readArguments() {
  return parseArgs({
    options: {
      merchant: { type: "string" },
      name: { type: "string" },
      "password-file": { type: "string" },
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
    const login = argumentOf(positionals, "login");
    const { merchant, name } = values;
    if (merchant === undefined || name === undefined)
      throw new CommandError("--merchant and --name are required");
    const { password, told } = await readPassword(values["password-file"]);
    return withRegistry(async ({ accounts }) => [
      { ...rowOf(await accounts.add({ login, merchant, name, password })), ...told },
    ]);
  },
  list: ({ merchant }) => withRegistry(async ({ accounts }) => (await accounts.list(merchant)).map(rowOf)),
  "set-password": async (values, positionals) => {
    const accountId = argumentOf(positionals, "account id");
    const { password, told } = await readPassword(values["password-file"]);
    const by = operator("password set");
    return withRegistry(async (registry) => [
      { ...rowOf(await registry.setPassword(accountId, password, by)), ...told },
    ]);
  },
  end: async ({ reason }, positionals) => {
    const accountId = argumentOf(positionals, "account id");
    const by = operator(reason);
    return withRegistry(async (registry) => [rowOf(await registry.endAccount(accountId, by))]);
  },
};

function rowOf({ accountId, login, merchant, name, createdAt, endedAt }: Account): Row {
  return { account: accountId, login, merchant, name, created: instant(createdAt), ended: instant(endedAt) };
}

/** Never on the command line, where every process of the machine could read it. */
async function readPassword(
  file: string | undefined,
): Promise<{ readonly password: string; readonly told: Row }> {
  if (file === undefined) {
    const password = randomSecret();
    return { password, told: { password } };
  }
  const content =
    file === "-" ? await text(process.stdin) : await readFile(file, "utf8").catch(() => undefined);
  if (content === undefined) throw new CommandError(`${file} cannot be read`);
  return { password: content.split(/\r?\n/, 1)[0] ?? "", told: {} };
}

await runCommand(main);

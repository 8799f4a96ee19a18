import { parseArgs } from "node:util";
import { type KeyRing, stateOfKey } from "../../authorization-server/keys/key-ring.js";
import { loadKeyRing, rotateKeyRing } from "../../authorization-server/keys/key-ring-file.js";
import { systemClock } from "../../foundation/clock.js";
import { dataPaths, hasOwnIssuer, readGatewaySettings } from "../../gateway/process/settings.js";
import { CommandError, print, type Row, runCommand } from "./command.js";

const HELP = `Shows and changes the keys that the authorization server signs with.

  npm run keys -- list
  npm run keys -- rotate     a new key: published at once, signs after XINQIAO_SIGNING_KEY_AHEAD; the old one stays
                             published until whatever it signed has expired

  --json    JSON instead of a table

Private keys are never printed; they lie in keys/signing.json of the data folder. Running servers notice within half a minute.
`;

/** Beside access tokens: an ID token's life of five minutes, and a minute for clocks that differ. */
const AFTER_SECONDS = 360;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: "boolean", default: false }, help: { type: "boolean" } },
    allowPositionals: true,
  });
  const [verb, ...others] = positionals;
  if (values.help === true || (verb !== "list" && verb !== "rotate") || others.length > 0) {
    (values.help === true ? process.stdout : process.stderr).write(HELP);
    return values.help === true ? 0 : 1;
  }
  const settings = readGatewaySettings(process.env);
  if (!hasOwnIssuer(settings))
    throw new CommandError("another issuer is configured: its keys are changed there");
  const { keyRing } = dataPaths(settings);
  const now = (): Date => systemClock.now();
  const times = {
    aheadSeconds: settings.signingKeyAheadMs / 1_000,
    afterSeconds: settings.accessTokenMs / 1_000 + AFTER_SECONDS,
  };
  const ring =
    verb === "list"
      ? await loadKeyRing(keyRing, now)
      : await rotateKeyRing(keyRing, now, times).catch((error: Error) => {
          throw new CommandError(error.message);
        });
  print(rowsOf(ring, now()), values.json);
  return 0;
}

function rowsOf(ring: KeyRing, now: Date): readonly Row[] {
  return ring.map((key) => ({
    kid: key.jwk.kid ?? "",
    alg: key.jwk.alg ?? "",
    state: stateOfKey(ring, key, now),
    created: key.createdAt,
    "signs from": key.signsFrom,
    "published until": key.publishedUntil ?? "-",
  }));
}

await runCommand(main);

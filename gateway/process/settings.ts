import { readFileSync } from "node:fs";
import path from "node:path";
import { describeConfig, loadConfig } from "../../foundation/config.js";
import { GATEWAY_SETTINGS, gatewayRelations, type GatewaySettings } from "../config.js";
import type { OwnIssuer, TrustedIssuer } from "./own-issuer.js";

/** Variables of other commands, which one environment may hold as well. */
const OTHERS = ["XINQIAO_TOKEN", "XINQIAO_SUBGRAPH_HOST", "XINQIAO_SUBGRAPH_PORT", "XINQIAO_PERMIT_JWKS_URL"];

/** @throws ConfigError with every problem at once */
export function readGatewaySettings(
  environment: Readonly<Record<string, string | undefined>>,
): GatewaySettings {
  const own = Object.entries(environment).filter(([name]) => !OTHERS.includes(name));
  return loadConfig(GATEWAY_SETTINGS, {
    environment: Object.fromEntries(own),
    readFile: (file) => readFileSync(file, "utf8"),
    relations: gatewayRelations,
  });
}

/** The effective settings as a table, secrets hidden. */
export function settingsTable(settings: GatewaySettings): string {
  const rows = describeConfig(GATEWAY_SETTINGS, settings);
  const width = Math.max(...rows.map((row) => row.env.length));
  return rows
    .map((row) => `${row.env.padEnd(width)}  ${row.value}${row.isDefault ? "  (default)" : ""}`)
    .join("\n");
}

/** A backchannel request may wait as long as a person needs (CIBA): 5 s between polls, an hour unless told, a week at most. */
const BACKCHANNEL = { intervalSeconds: 5, lifetimeSeconds: 3_600, lifetimeSecondsMax: 604_800 };

/** Where access tokens come from: the issuer that is configured, or the authorization server of this house. */
export function tokenSettings(
  settings: GatewaySettings,
  own: { readonly port: number; readonly secret: string },
): TrustedIssuer | OwnIssuer {
  const clockToleranceSeconds = settings.clockSkewSeconds;
  const { tokenIssuer, tokenAudience, tokenAlgorithms, tokenJwksUrl } = settings;
  if (
    tokenIssuer === undefined ||
    tokenAudience === undefined ||
    tokenAlgorithms === undefined ||
    tokenJwksUrl === undefined
  )
    return {
      ...ownNames(settings, own.port),
      keyRingFile: dataPaths(settings).keyRing,
      secret: own.secret,
      lifetimes: { accessTokenSeconds: settings.accessTokenMs / 1_000, backchannel: BACKCHANNEL },
      clockToleranceSeconds,
    };
  const remote = {
    url: new URL(tokenJwksUrl),
    cacheMaxAgeMs: settings.jwksCacheMs,
    cooldownMs: settings.jwksCooldownMs,
    timeoutMs: 5_000,
  };
  return {
    issuer: tokenIssuer,
    audience: tokenAudience,
    algorithms: tokenAlgorithms,
    keys: { kind: "remote", ...remote },
    clockToleranceSeconds,
  };
}

/** What the house's own issuer is called, and what its tokens are for; `port` is the one that is listened on. */
export function ownNames(
  { publicUrl, host }: Pick<GatewaySettings, "publicUrl" | "host">,
  port: number,
): { readonly issuer: string; readonly audience: string } {
  const audience = publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return { issuer: `${audience}/oauth`, audience };
}

/** True when tokens are made in this house. */
export function hasOwnIssuer(settings: Pick<GatewaySettings, "tokenIssuer">): boolean {
  return settings.tokenIssuer === undefined;
}

/**
 * True on a machine to try things on: a database of its own and a synthetic market. Only there are clients and accounts
 * made whose private keys and passwords lie in the data folder.
 */
export function hasSyntheticMarket(
  settings: Pick<GatewaySettings, "seedMarket" | "databaseUrl" | "tokenIssuer">,
): boolean {
  return settings.seedMarket && settings.databaseUrl === undefined && hasOwnIssuer(settings);
}

/** Absolute paths inside the data folder. */
export function dataPaths(settings: Pick<GatewaySettings, "dataFolder">): {
  readonly postgres: string;
  readonly keys: string;
  readonly keyRing: string;
  /** Private keys of the clients of the synthetic market. */
  readonly clients: string;
  /** Passwords of the people of the synthetic market. */
  readonly people: string;
  readonly market: string;
} {
  const folder = path.resolve(settings.dataFolder);
  return {
    postgres: path.join(folder, "postgres"),
    keys: path.join(folder, "keys"),
    keyRing: path.join(folder, "keys", "signing.json"),
    clients: path.join(folder, "keys", "clients"),
    people: path.join(folder, "keys", "people"),
    market: path.join(folder, "market.json"),
  };
}

import { readFileSync } from "node:fs";
import path from "node:path";
import { describeConfig, loadConfig } from "../../foundation/config.js";
import type { KeySource, TokenAlgorithm } from "../../foundation/tokens.js";
import { publicKeySet } from "../../foundation/tokens.js";
import { GATEWAY_SETTINGS, gatewayRelations, type GatewaySettings } from "../config.js";

/** Names of the development issuer; a token of it says so itself. */
export const DEVELOPMENT_ISSUER = "https://issuer.xinqiao.invalid";
export const DEVELOPMENT_AUDIENCE = "https://xinqiao.invalid";

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

/** Where access tokens come from: the configured issuer, or the development one with its local keys. */
export function tokenSettings(
  settings: GatewaySettings,
  issuerKey: Parameters<typeof publicKeySet>[0][number],
): {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly TokenAlgorithm[];
  readonly keys: KeySource;
  readonly clockToleranceSeconds: number;
} {
  const clockToleranceSeconds = settings.clockSkewSeconds;
  const { tokenIssuer, tokenAudience, tokenAlgorithms, tokenJwksUrl } = settings;
  if (
    tokenIssuer !== undefined &&
    tokenAudience !== undefined &&
    tokenAlgorithms !== undefined &&
    tokenJwksUrl !== undefined
  ) {
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
  return {
    issuer: DEVELOPMENT_ISSUER,
    audience: DEVELOPMENT_AUDIENCE,
    algorithms: ["EdDSA"],
    keys: { kind: "local", keys: publicKeySet([issuerKey]) },
    clockToleranceSeconds,
  };
}

/** True when no issuer of the operator's own is configured. */
export function isDevelopment(settings: GatewaySettings): boolean {
  return settings.tokenIssuer === undefined;
}

/** Absolute paths inside the data folder. */
export function dataPaths(settings: Pick<GatewaySettings, "dataFolder">): {
  readonly postgres: string;
  readonly keys: string;
  readonly market: string;
} {
  const folder = path.resolve(settings.dataFolder);
  return {
    postgres: path.join(folder, "postgres"),
    keys: path.join(folder, "keys"),
    market: path.join(folder, "market.json"),
  };
}

/** The key that development tokens of banks are bound to; made on first use. */
export function clientKeyFile(settings: Pick<GatewaySettings, "dataFolder">): string {
  return path.join(dataPaths(settings).keys, "client.jwk.json");
}

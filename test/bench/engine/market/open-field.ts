import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { CN_RULEBOOK } from "../../../../schema/rulebook.js";
import { openedMonths } from "../../../../schema/consent/months.js";
import { readSupergraph } from "../../../../gateway/plan/index.js";
import { SUPERGRAPH_FILE } from "../../../../gateway/process/open-bureau.js";
import { copyConsents } from "../../consents/copy-consents.js";
import type { Field } from "../contenders/contender.js";
import { type Child, startChild } from "../processes/child.js";
import type { SubgraphsReady } from "../servers/subgraphs-process.js";
import { PROFILE_QUERY } from "../workload/profile-query.js";
import { openIssuer } from "./issuer.js";
import { openMarket } from "./open-market.js";

const LOOKBACK_MONTHS = 18;
const POOL_MAX = 8;

export interface FieldOptions {
  readonly merchants: number;
  readonly orders: number;
  /** Banks that ask; each has a consent of each merchant, and a token. */
  readonly banks: number;
  readonly isMemoized: boolean;
}

/** A field with what it needs to be closed, and the process that serves the subgraphs. */
export interface OpenField extends Field {
  readonly subgraphsPid: number;
  close(): Promise<void>;
}

/** Fills a house, lets every merchant consent to every bank, and starts the subgraphs that all contenders share. */
export async function openField(options: FieldOptions, say: (line: string) => void): Promise<OpenField> {
  const size = { ...options, lookbackMonths: LOOKBACK_MONTHS };
  const market = await openMarket(size, say);
  const issuer = await openIssuer();
  let subgraphsProcess: Child | undefined;
  const close = async (): Promise<void> => {
    await subgraphsProcess?.stop();
    await issuer.close();
    await market.close();
  };
  try {
    const banks = bankIds(options.banks);
    const pairs = banks.flatMap((bank) => market.merchants.map((merchant) => ({ bank, merchant })));
    if (pairs.length > 0) await copyConsents(market.owner, market.templateConsent, pairs);
    const subgraphs = {
      connectionString: market.roles.connectionString,
      keysFolder: path.join(market.folder, "keys"),
      poolMax: POOL_MAX,
      months: openedMonths(
        { purpose: "PRE_LOAN_ASSESSMENT", lookbackMonths: LOOKBACK_MONTHS } as never,
        CN_RULEBOOK,
        new Date(),
      ),
      isMemoized: options.isMemoized,
    };
    subgraphsProcess = await startChild({
      file: "test/bench/engine/servers/subgraphs-process.ts",
      order: subgraphs,
    });
    const { urls } = subgraphsProcess.ready as SubgraphsReady;
    const [bearer, dpop] = await Promise.all([
      issuer.tokens(banks, { isBound: false }),
      issuer.tokens(banks, { isBound: true }),
    ]);
    return {
      market,
      issuer,
      subgraphs,
      subgraphUrls: urls,
      subgraphsPid: subgraphsProcess.pid,
      tokens: { bearer, dpop },
      supergraphFile: await writeSupergraph(market.folder, urls),
      documentsFolder: await writeDocuments(market.folder),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export function bankIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `bank-${String(i + 1).padStart(3, "0")}`);
}

/** Peers know no security directives, and find the subgraphs by the addresses in the supergraph. */
async function writeSupergraph(folder: string, urls: Readonly<Record<string, string>>): Promise<string> {
  const { plannableSdl } = readSupergraph(await readFile(SUPERGRAPH_FILE, "utf8"));
  const sdl = plannableSdl.replaceAll(
    /@join__graph\(name: "([^"]+)", url: "[^"]*"\)/g,
    (whole, name: string) => whole.replace(/url: "[^"]*"/, `url: ${JSON.stringify(urls[name] ?? "")}`),
  );
  const file = path.join(folder, "supergraph.graphql");
  await writeFile(file, sdl);
  return file;
}

async function writeDocuments(folder: string): Promise<string> {
  const documents = path.join(folder, "documents");
  await mkdir(documents);
  await writeFile(path.join(documents, "unified-credit-profile.graphql"), PROFILE_QUERY);
  return documents;
}

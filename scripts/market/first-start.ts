import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Bureau } from "../../gateway/process/open-bureau.js";
import { generateMarket, type Market } from "../market.js";
import { DEMO_BANK, marketPerson, type MarketPerson, registerMarketClients } from "./market-parties.js";
import { seedMarket } from "./seed-market.js";

/** What a seeded market can be generated from again. */
interface MarketFile {
  readonly seed: number;
  readonly until: string;
  readonly orders: number;
  readonly isComplete: boolean;
}

export interface FirstStartOptions {
  readonly file: string;
  /** Folders of the private keys of the market's clients and of its people's passwords. */
  readonly clients: string;
  readonly people: string;
  readonly orders: number;
  readonly now: Date;
  readonly say: (line: string) => void;
  /** Ends the seeding between two batches; the next start goes on from there. */
  readonly signal: AbortSignal;
}

const SEED = 20_260_101;

/**
 * Seeds the synthetic market once, registers its parties, and lets its demo merchant grant the demo bank a consent. What
 * the market was made from is kept in a file, so a seeding that was broken off goes on with the same records, and a second
 * start does nothing.
 * @returns the market, whether or not it was seeded now, and the person who acts for its demo merchant
 */
export async function firstStart(
  bureau: Bureau,
  options: FirstStartOptions,
): Promise<{ readonly market: Market; readonly person: MarketPerson }> {
  const registry = bureau.authorizationServer?.registry;
  if (registry === undefined)
    throw new Error("the synthetic market needs the authorization server of this house");
  const known = await readMarketFile(options.file);
  const plan: MarketFile = known ?? {
    seed: SEED,
    until: options.now.toISOString(),
    orders: options.orders,
    isComplete: false,
  };
  const market = generateMarket({ seed: plan.seed, until: new Date(plan.until), orders: plan.orders });
  const merchant = market.demo.ordinary.merchantId;
  await registerMarketClients(registry, options.clients);
  const person = await marketPerson(registry, options.people, merchant);
  if (plan.isComplete) return { market, person };
  await writeMarketFile(options.file, plan);
  options.say(`First start: publishing a synthetic market of ${market.merchants.length} merchants ...`);
  const records = await seedMarket(market, bureau.intakes, ({ kind, platform, records: count }) => {
    options.say(`  ${count} records (${kind} of ${platform})`);
    options.signal.throwIfAborted();
  });
  await grantDemoConsent(bureau, { merchant, signatory: person.accountId }, options.now);
  await writeMarketFile(options.file, { ...plan, isComplete: true });
  options.say(`Published ${records} records.`);
  return { market, person };
}

/** The bank asks and the merchant approves, by the very verbs of the consent page. */
async function grantDemoConsent(
  { desk }: Bureau,
  by: { readonly merchant: string; readonly signatory: string },
  now: Date,
): Promise<void> {
  const { requestId } = await desk.request({
    merchant: by.merchant,
    bank: DEMO_BANK,
    purpose: "PRE_LOAN_ASSESSMENT",
    terms: {
      categories: ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "REVIEWS", "SOCIAL"],
      records: [],
      lookbackMonths: 18,
      expiresAt: new Date(now.getTime() + 60 * 86_400_000).toISOString(),
      frequency: { count: 30, period: "MONTH" },
    },
  });
  await desk.approve(by, requestId, {});
}

async function readMarketFile(file: string): Promise<MarketFile | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as MarketFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function writeMarketFile(file: string, content: MarketFile): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
}

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Bureau } from "../../gateway/process/open-bureau.js";
import { generateMarket, type Market } from "../market.js";
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
  readonly orders: number;
  readonly now: Date;
  /** Makes a merchant's access token. */
  readonly merchantToken: (merchant: string) => Promise<string>;
  readonly say: (line: string) => void;
  /** Ends the seeding between two batches; the next start goes on from there. */
  readonly signal: AbortSignal;
}

const SEED = 20_260_101;
export const DEMO_BANK = "demo-bank";
const GRANT = "mutation($input: GrantConsentInput!) { grantConsent(input: $input) { id } }";

/**
 * Seeds the synthetic market once, and lets its demo merchant grant the demo bank a consent. What the market was made
 * from is kept in a file, so a seeding that was broken off goes on with the same records, and a second start does nothing.
 * @returns the market, whether or not it was seeded now
 */
export async function firstStart(bureau: Bureau, options: FirstStartOptions): Promise<Market> {
  const known = await readMarketFile(options.file);
  const plan: MarketFile = known ?? {
    seed: SEED,
    until: options.now.toISOString(),
    orders: options.orders,
    isComplete: false,
  };
  const market = generateMarket({ seed: plan.seed, until: new Date(plan.until), orders: plan.orders });
  if (plan.isComplete) return market;
  await writeMarketFile(options.file, plan);
  options.say(`First start: publishing a synthetic market of ${market.merchants.length} merchants ...`);
  const records = await seedMarket(market, bureau.intakes, ({ kind, platform, records: count }) => {
    options.say(`  ${count} records (${kind} of ${platform})`);
    options.signal.throwIfAborted();
  });
  await grantDemoConsent(bureau, market.demo.ordinary.merchantId, options);
  await writeMarketFile(options.file, { ...plan, isComplete: true });
  options.say(`Published ${records} records.`);
  return market;
}

async function grantDemoConsent(bureau: Bureau, merchant: string, options: FirstStartOptions): Promise<void> {
  const expiresAt = new Date(options.now.getTime() + 60 * 86_400_000).toISOString();
  const categories = ["IDENTITY", "TRANSACTIONS", "SETTLEMENTS", "LOGISTICS", "REVIEWS", "SOCIAL"];
  const input = {
    bank: DEMO_BANK,
    purpose: "PRE_LOAN_ASSESSMENT",
    categories,
    lookbackMonths: 18,
    expiresAt,
  };
  const reply = await bureau.gateway.app.inject({
    method: "POST",
    url: "/graphql",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${await options.merchantToken(merchant)}`,
    },
    payload: JSON.stringify({ query: GRANT, variables: { input } }),
  });
  const { errors } = reply.json<{ errors?: unknown[] }>();
  if (errors !== undefined) throw new Error(`the demo consent was not granted: ${JSON.stringify(errors)}`);
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

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FeedKind } from "../../../schema/feeds/kinds.js";
import type { ReviewRecord, SocialRecord } from "../../../schema/feeds/records.js";
import type { PermitGrant, PlatformAccount } from "../../../schema/claims.js";
import type { Subgraph } from "../../../schema/subgraph.js";
import { Permit } from "../../../subgraphs/host/permit.js";
import { createSignalsSubgraph } from "../../../subgraphs/signals/index.js";
import { publishAtRandom, reviewOf, SEED, socialOf, type State } from "./random-records.js";
import { openSignalsRoom, type SignalsRoom } from "./signals-room.js";

const MERCHANT = "92990100MA0000B234";
const OTHER = "91990100MA0000A193";
const M = "value n coverage verification sources reason confidence { low high }";
const WINDOW = 'window: { from: "2026-01", until: "2026-04" }';
const FIGURES = `reviews(${WINDOW}) { reviewCount { ${M} } reviewScoreBayes { ${M} } negativeShare { ${M} } reviewTrend { ${M} }
    reviewReplyMedianHours { ${M} } reviewDeletedCount { ${M} } platforms { platform stars reviewCount { ${M} } }
    months { month count stars mean negative replied deleted } }
  social(${WINDOW}) { followers { ${M} } followerGrowth { ${M} } engagementRate { ${M} } posts { ${M} }
    channels { platform channel followers { ${M} } } months { month followers posts views engagements }
    buyerTraits { platform channel trait day suppressed buckets { bucket count } } }`;
const RECORDS = `reviews(${WINDOW}) { entries(first: 100) { nodes { platform day rating replied deleted } pageInfo { hasNextPage } } }
  social(${WINDOW}) { days(first: 100) { nodes { platform channel day followers posts views engagements } } }`;

const account = (platform: string, sellerId: string): PlatformAccount => ({ platform, sellerId });
const SHOPS = ["site-a", "site-b"].flatMap((platform) => [
  account(platform, "s-1"),
  account(platform, "s-2"),
]);

// Answers are looked into freely; a wrong path is a failing test.
type Answer = any; // oxlint-disable-line no-explicit-any
type Grant = Partial<PermitGrant> & { readonly merchant: string };

let room: SignalsRoom;
let subgraph: Subgraph;
let grants: readonly Grant[] = [];
let reviews: readonly State<ReviewRecord>[];
let social: readonly State<SocialRecord>[];
const statements: string[] = [];

beforeAll(async () => {
  room = await openSignalsRoom();
  for (const { platform, sellerId } of SHOPS) room.links.set(`${platform}/${sellerId}`, MERCHANT);
  for (const platform of ["site-a", "site-b"]) room.links.set(`${platform}/s-3`, OTHER);
  reviews = await publishAtRandom(room, "review", reviewOf);
  social = await publishAtRandom(room, "social", socialOf);
  subgraph = await createSignalsSubgraph({
    postgres: room.database.open({ onStatement: (text) => statements.push(text) }),
    clock: { now: () => new Date("2026-04-20T00:00:00Z"), monotonicMs: () => 0 },
    verifyPermit: async () =>
      new Permit(
        { party: "bank", id: "demo-bank", scopes: new Set() },
        grants.map((grant) => ({
          inquiry: "i",
          categories: ["REVIEWS", "SOCIAL"],
          records: ["REVIEWS", "SOCIAL"],
          ...grant,
        })),
      ),
  });
}, 120_000);
afterAll(async () => room.database.drop());

async function ask(
  asked: readonly Grant[],
  selection: string,
): Promise<{ entities: Answer[]; errors: Answer[] }> {
  statements.length = 0;
  grants = asked;
  const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Merchant { ${selection} } } }`;
  const variables = { r: asked.map(({ merchant }) => ({ __typename: "Merchant", id: merchant })) };
  const answer = await subgraph.execute({ permit: "any", body: JSON.stringify({ query, variables }) });
  return { entities: (answer.data?.["_entities"] ?? []) as Answer[], errors: [...(answer.errors ?? [])] };
}

async function answerOf(grant: Grant, selection: string): Promise<Answer> {
  const { entities, errors } = await ask([grant], selection);
  expect(errors).toEqual([]);
  return entities[0];
}

/** Gives a merchant of its own the newest state of the accounts' records, and nothing else. */
async function publishOnly(accounts: readonly PlatformAccount[], nth: number): Promise<string> {
  const merchant = `93990100MA${String(nth).padStart(8, "0")}`;
  const isOpen = ({ platform, record }: State<ReviewRecord | SocialRecord>) =>
    accounts.some((open) => open.platform === platform && open.sellerId === record.sellerId);
  const renamed = <R extends object>(record: R) =>
    JSON.parse(JSON.stringify(record).replaceAll(/"(r|so|s)-/g, `"k${nth}-$1-`)) as object;
  for (const platform of ["site-a", "site-b"]) {
    for (const shop of ["s-1", "s-2"]) room.links.set(`${platform}/k${nth}-${shop}`, merchant);
    const own = { review: reviews, social };
    for (const kind of ["review", "social"] as const satisfies readonly FeedKind[]) {
      const states: readonly State<ReviewRecord | SocialRecord>[] = own[kind];
      const records = states.filter((state) => state.platform === platform && isOpen(state));
      const report = await room.publish(
        platform,
        kind,
        records.map(({ record }) => renamed(record)),
      );
      expect(report.rejected, JSON.stringify(report.rejections)).toBe(0);
    }
  }
  return merchant;
}

describe(`A permit that opens some accounts (seed ${SEED})`, () => {
  it.each([[[0]], [[1]], [[2, 3]], [[0, 3]], [[1, 2, 3]]])(
    "is answered as if no records existed but those of accounts %j (P4)",
    async (picked) => {
      const accounts = picked.flatMap((i) => SHOPS[i] ?? []);
      const twin = await publishOnly(
        accounts,
        picked.reduce((sum, i) => sum + 2 ** i, 0),
      );
      for (const selection of [FIGURES, RECORDS])
        expect(await answerOf({ merchant: MERCHANT, accounts }, selection)).toEqual(
          await answerOf({ merchant: twin }, selection),
        );
    },
  );

  it("is answered from all of them as without a list, however it is ordered", async () => {
    for (const selection of [FIGURES, RECORDS]) {
      const whole = await answerOf({ merchant: MERCHANT }, selection);
      for (const accounts of [SHOPS, [...SHOPS, ...SHOPS].reverse()])
        expect(await answerOf({ merchant: MERCHANT, accounts }, selection)).toEqual(whole);
    }
  });

  it.each([
    ["another merchant's account", [account("site-a", "s-3")]],
    ["an unknown account", [account("site-c", "s-1")]],
    ["no account", []],
  ])("opens nothing by %s, and says that no source speaks", async (_what, accounts) => {
    const { reviews: found, social: reach } = await answerOf({ merchant: MERCHANT, accounts }, FIGURES);
    for (const figure of [found.reviewCount, found.reviewTrend, reach.followers, reach.posts])
      expect(figure).toMatchObject({ value: null, reason: "NO_SOURCE", sources: [], verification: 0 });
    expect([found.platforms, reach.channels, reach.buyerTraits]).toEqual([[], [], []]);
    const lists = await answerOf({ merchant: MERCHANT, accounts }, RECORDS);
    expect([lists.reviews.entries.nodes, lists.social.days.nodes]).toEqual([[], []]);
  });

  it("is kept apart from other merchants' lists in one portfolio, in as many statements", async () => {
    const portfolio = [{ merchant: MERCHANT, accounts: SHOPS.slice(0, 1) }, { merchant: OTHER }];
    for (const selection of [FIGURES, RECORDS]) {
      const alone = [];
      for (const grant of portfolio) alone.push(await answerOf(grant, selection));
      const once = statements.length;
      expect((await ask(portfolio, selection)).entities).toEqual(alone);
      expect(statements).toHaveLength(once);
    }
  });

  it("follows a review whose correction names another seller", async () => {
    const review = { reviewId: "moves", rating: 1, createdAt: "2025-05-05T00:00:00Z" };
    const countsOf = async () =>
      Promise.all(
        SHOPS.slice(0, 2).map(async (shop) => {
          const found = await answerOf(
            { merchant: MERCHANT, accounts: [shop] },
            'reviews(window: { from: "2025-05", until: "2025-06" }) { months { count } entries { nodes { rating } } }',
          );
          return [found.reviews.months[0].count, found.reviews.entries.nodes.length];
        }),
      );
    await room.publish("site-a", "review", [{ ...review, sellerId: "s-1" }]);
    expect([(await countsOf())[0], (await countsOf())[1]]).toEqual([
      [1, 1],
      [0, 0],
    ]);
    await room.publish("site-a", "review", [{ ...review, sellerId: "s-2" }]);
    expect([(await countsOf())[0], (await countsOf())[1]]).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

const LISTS = {
  entries: { parent: "reviews", category: "REVIEWS", fields: "id platform day rating replied deleted" },
  days: {
    parent: "social",
    category: "SOCIAL",
    fields: "id platform channel day followers posts views engagements",
  },
} as const;
type ListName = keyof typeof LISTS;

async function pageOf(list: ListName, grant: Grant, first: number, after: string | null = null) {
  const { parent, fields } = LISTS[list];
  const page = `first: ${first}${after === null ? "" : `, after: ${JSON.stringify(after)}`}`;
  const { entities, errors } = await ask(
    [grant],
    `${parent}(${WINDOW}) { ${list}(${page}) { nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`,
  );
  return {
    connection: entities[0]?.[parent]?.[list] ?? null,
    errors,
    codes: errors.map((e) => e.extensions.code),
  };
}

async function wholeOf(list: ListName, grant: Grant, first: number): Promise<Answer[]> {
  const nodes: Answer[] = [];
  for (let after: string | null = null; ;) {
    const { connection, errors } = await pageOf(list, grant, first, after);
    expect(errors).toEqual([]);
    nodes.push(...connection.nodes);
    if (!connection.pageInfo.hasNextPage) return nodes;
    after = connection.pageInfo.endCursor;
  }
}

describe("The records of reviews and channels", () => {
  it("are the newest states, newest first, page by page through equal days", async () => {
    for (const list of ["entries", "days"] as const) {
      const whole = await wholeOf(list, { merchant: MERCHANT }, 100);
      for (const first of [3, 17]) expect(await wholeOf(list, { merchant: MERCHANT }, first)).toEqual(whole);
      const days = whole.map(({ day }) => day);
      expect(days).toEqual([...days].sort().reverse());
      expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length);
    }
    const own = reviews.filter(({ record }) => record.sellerId !== "s-3");
    const told = (await wholeOf("entries", { merchant: MERCHANT }, 50)).map((node) => [
      node.platform,
      node.day,
      node.rating,
      node.replied,
      node.deleted,
    ]);
    const day = ({ createdAt, zone = "Asia/Shanghai" }: ReviewRecord) =>
      new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(createdAt));
    const expected = own
      .map(({ platform, record }) => [
        platform,
        day(record),
        record.rating,
        record.repliedAt !== undefined,
        record.deletedAt !== undefined,
      ])
      .filter(([, at]) => String(at) >= "2026-01-01");
    const sorted = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted(told)).toEqual(sorted(expected));
  });

  it("stay within the months of the permit, and say neither text, buyer nor number", async () => {
    const months = { from: "2026-01", until: "2026-02" };
    for (const list of ["entries", "days"] as const) {
      const all = await wholeOf(list, { merchant: MERCHANT }, 100);
      const narrow = await wholeOf(list, { merchant: MERCHANT, months }, 7);
      expect(narrow).toEqual(all.filter(({ day }) => day.startsWith("2026-01")));
      const wide = await pageOf(list, { merchant: MERCHANT }, 2);
      const from = await pageOf(list, { merchant: MERCHANT, months }, 5, wide.connection.pageInfo.endCursor);
      expect(from.connection.nodes).toEqual(narrow.slice(0, 5));
      expect(JSON.stringify(all)).not.toMatch(/text|"(r|so|s)-\d/);
    }
  });

  it("are refused without their level, with a cursor of another merchant or list, and out of bounds", async () => {
    for (const list of ["entries", "days"] as const) {
      const { parent, category } = LISTS[list];
      const refused = await pageOf(list, { merchant: MERCHANT, records: ["TRANSACTIONS"] }, 5);
      expect(refused.errors).toMatchObject([
        { path: ["_entities", 0, parent, list], extensions: { code: "PERMIT_INVALID", category } },
      ]);
      expect(refused.connection).toBeNull();
      const good: string = (await pageOf(list, { merchant: MERCHANT }, 2)).connection.pageInfo.endCursor;
      const foreign: string = (await pageOf(list, { merchant: OTHER }, 2)).connection.pageInfo.endCursor;
      const listed = list === "days" ? "entries" : "days";
      const wrong: string = (await pageOf(listed, { merchant: MERCHANT }, 2)).connection.pageInfo.endCursor;
      const last = good.at(-2) === "A" ? "B" : "A";
      for (const after of [foreign, wrong, good.slice(0, -2) + last + good.slice(-1), "", "AAAA"])
        expect((await pageOf(list, { merchant: MERCHANT }, 2, after)).codes).toEqual(["BAD_USER_INPUT"]);
      for (const first of [0, 101])
        expect((await pageOf(list, { merchant: MERCHANT }, first)).codes).toEqual(["BAD_USER_INPUT"]);
    }
  });
});

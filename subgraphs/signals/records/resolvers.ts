import type DataLoader from "dataloader";
import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import type { Postgres } from "../../../foundation/postgres.js";
import type { SubgraphContext } from "../../host/context.js";
import type { SubgraphDeps } from "../../host/deps.js";
import { RecordsPolicy } from "../../host/directives.js";
import { PageArgs, type PageInfo } from "../../host/paging.js";
import { createNaming, type Naming } from "../../host/records/read-secret.js";
import type { RecordNames, RecordPosition } from "../../host/records/record-names.js";
import { pageOfRecords, readRecordPage } from "../../host/records/record-page.js";
import { recordLoader } from "../loaders.js";
import { Reviews } from "../review-types.js";
import { Social } from "../social-types.js";
import { readReviewRecords, type ReviewRow } from "./read-review-records.js";
import { readSocialDays, type SocialDayRow } from "./read-social-days.js";
import type { RecordBounds, RecordQuestion } from "./record-questions.js";
import {
  ReviewConnection,
  type ReviewRecord,
  SocialDayConnection,
  type SocialDayRecord,
} from "./record-types.js";

/** A list of single records: its name, how rows are read, where one stands and how it leaves. */
interface Listing<Row, Node> {
  readonly list: string;
  readonly loader: DataLoader<RecordQuestion, readonly Row[], string>;
  readonly position: (row: Row) => RecordPosition;
  readonly node: (names: RecordNames, merchant: string, row: Row) => Node;
}

/** The records behind the figures of reviews. */
@Resolver(() => Reviews)
export class ReviewRecordsResolver {
  readonly #postgres: Postgres;
  readonly #naming: Naming;

  constructor({ postgres }: SubgraphDeps) {
    this.#postgres = postgres;
    this.#naming = createNaming(postgres, "signals");
  }

  /** @throws PERMIT_INVALID, BAD_USER_INPUT */
  @RecordsPolicy("REVIEWS")
  @FieldResolver(() => ReviewConnection, {
    nullable: true,
    description:
      "The reviews themselves, newest first: those written in the months of the window, of accounts that the consent opens; never their text. LEVEL_NOT_CONSENTED where the consent opens figures only; BAD_USER_INPUT for a cursor of another list or merchant.",
  })
  async entries(
    @Root() { bounds }: Reviews,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<ReviewConnection> {
    context.permit.requireRecords(bounds.merchant, "REVIEWS");
    return pageOf(
      await this.#naming(),
      { bounds, page },
      {
        list: "reviews",
        loader: recordLoader(context.loads, "reviews", (questions) =>
          readReviewRecords(this.#postgres, questions),
        ),
        position: ({ day, key, platform }: ReviewRow) => [day, key, platform],
        node: reviewRecordOf,
      },
    );
  }
}

/** The records behind the figures of social channels. */
@Resolver(() => Social)
export class SocialRecordsResolver {
  readonly #postgres: Postgres;
  readonly #naming: Naming;

  constructor({ postgres }: SubgraphDeps) {
    this.#postgres = postgres;
    this.#naming = createNaming(postgres, "signals");
  }

  /** @throws PERMIT_INVALID, BAD_USER_INPUT */
  @RecordsPolicy("SOCIAL")
  @FieldResolver(() => SocialDayConnection, {
    nullable: true,
    description:
      "Each day of each channel, newest first, in the months of the window and the accounts that the consent opens; audiences are shown as aggregates only. LEVEL_NOT_CONSENTED where the consent opens figures only; BAD_USER_INPUT for a cursor of another list or merchant.",
  })
  async days(
    @Root() { bounds }: Social,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() context: SubgraphContext,
  ): Promise<SocialDayConnection> {
    context.permit.requireRecords(bounds.merchant, "SOCIAL");
    return pageOf(
      await this.#naming(),
      { bounds, page },
      {
        list: "social days",
        loader: recordLoader(context.loads, "social days", (questions) =>
          readSocialDays(this.#postgres, questions),
        ),
        position: ({ day, platform, seller, channel }: SocialDayRow) => [day, platform, seller, channel],
        node: socialDayRecordOf,
      },
    );
  }
}

async function pageOf<Row, Node>(
  names: RecordNames,
  { bounds, page: args }: { readonly bounds: RecordBounds; readonly page: PageArgs },
  { list, loader, position, node }: Listing<Row, Node>,
): Promise<{ readonly nodes: Node[]; readonly pageInfo: PageInfo }> {
  const { merchant } = bounds;
  const page = readRecordPage(args, names, { merchant, list });
  const rows = await loader.load({ ...bounds, page });
  return pageOfRecords(rows, page, {
    node: (row) => node(names, merchant, row),
    cursor: (row) => names.seal({ merchant, list }, position(row)),
  });
}

function reviewRecordOf(names: RecordNames, merchant: string, row: ReviewRow): ReviewRecord {
  const { platform, day, rating, isReplied, isDeleted } = row;
  const id = names.idOf(merchant, "review", platform, row.key);
  return { id, platform, day, rating, replied: isReplied, deleted: isDeleted };
}

function socialDayRecordOf(names: RecordNames, merchant: string, row: SocialDayRow): SocialDayRecord {
  const { platform, channel, day, followers, posts, views, engagements } = row;
  const id = names.idOf(merchant, "social", platform, row.key);
  return { id, platform, channel, day, followers, posts, views, engagements };
}

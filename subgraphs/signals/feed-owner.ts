import type { FeedKind } from "../../schema/feeds/kinds.js";
import type { FeedRecord, ReviewRecord, SocialRecord } from "../../schema/feeds/records.js";
import type { FeedDefect, FeedOwner } from "../host/feeds/index.js";
import { applyReviews, withdrawReviews } from "./reviews/apply-reviews.js";
import { applySocial, withdrawSocial } from "./social/apply-social.js";

/** What this subgraph does with the records it owns. */
export const signalsFeedOwner: FeedOwner = {
  kinds: ["review", "social"],
  inspect,
  apply: async (client, change) => (change.kind === "review" ? applyReviews : applySocial)(client, change),
  withdraw: async (client, change) =>
    (change.kind === "review" ? withdrawReviews : withdrawSocial)(client, change),
};

function inspect(kind: FeedKind, record: FeedRecord): FeedDefect | undefined {
  return kind === "review" ? inspectReview(record as ReviewRecord) : inspectSocial(record as SocialRecord);
}

function inspectReview({ createdAt, repliedAt, deletedAt }: ReviewRecord): FeedDefect | undefined {
  const created = Date.parse(createdAt);
  const later = { repliedAt, deletedAt };
  for (const [field, value] of Object.entries(later)) {
    if (value !== undefined && Date.parse(value) < created)
      return { pointer: `/${field}`, message: "It must not be before createdAt." };
  }
  return undefined;
}

function inspectSocial({ buyerTraits = [] }: SocialRecord): FeedDefect | undefined {
  const seen = new Set<string>();
  for (const [index, { trait, bucket }] of buyerTraits.entries()) {
    const key = JSON.stringify([trait, bucket]);
    if (seen.has(key))
      return { pointer: `/buyerTraits/${index}`, message: "The trait and bucket come twice." };
    seen.add(key);
  }
  return undefined;
}

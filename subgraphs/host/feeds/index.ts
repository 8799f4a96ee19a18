export { createFeedIntake, type FeedIntakeOptions } from "./feed-intake.js";
export type { FeedChange, FeedDefect, FeedOwner } from "./feed-owner.js";
export { feedTables } from "./feed-tables.js";

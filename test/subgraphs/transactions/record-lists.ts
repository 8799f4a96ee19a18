import { expect } from "vitest";
import type { Category } from "../../../schema/categories.js";
import type { Grant, Stage } from "./stage.js";

/** Opens the records of every category. */
export const RECORDS: readonly Category[] = ["TRANSACTIONS", "SETTLEMENTS", "LOGISTICS"];

/** The three lists: where each is, its category, and what is asked of it. */
export const LISTS = {
  orders: {
    parent: "transactions",
    category: "TRANSACTIONS",
    fields: `id platform state createdAt paidAt shippedAt deliveredAt confirmedAt settledAt cancelledAt total { minor currency }
      paid { minor } refunded { minor } region verification`,
  },
  payouts: {
    parent: "settlements",
    category: "SETTLEMENTS",
    fields:
      "id order platform settledAt gross { minor currency } fee { minor } chargeback { minor } net { minor }",
  },
  shipments: {
    parent: "logistics",
    category: "LOGISTICS",
    fields: "id order platform shippedAt deliveredAt promisedShipAt promisedDeliveryAt hasTracking",
  },
} as const;
export type ListName = keyof typeof LISTS;
export const LIST_NAMES = Object.keys(LISTS) as readonly ListName[];

// Answers are looked into freely; a wrong path is a failing test.
export type Answer = any; // oxlint-disable-line no-explicit-any

/** One page of the months from 2026-01 to 2026-11, as far as the grant opens them. */
export async function pageOf(
  stage: Stage,
  { list, ...grant }: Grant & { list: ListName },
  page: { first: number; after?: string | null },
): Promise<{ connection: Answer; errors: Answer[]; codes: string[] }> {
  const { parent, fields } = LISTS[list];
  const after = page.after == null ? "" : `, after: ${JSON.stringify(page.after)}`;
  const answer = await stage.ask(
    [{ records: RECORDS, ...grant }],
    `${parent}(window: { from: "2026-01", until: "2026-12" }) {
      ${list}(first: ${page.first}${after}) { nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`,
  );
  const entity = (answer.data as Answer)["_entities"][0];
  const errors = (answer.errors ?? []) as Answer[];
  return {
    connection: entity?.[parent]?.[list] ?? null,
    errors,
    codes: errors.map(({ extensions }) => extensions.code),
  };
}

/** Every record of a list, page by page. */
export async function wholeOf(
  stage: Stage,
  grant: Grant & { list: ListName },
  first: number,
): Promise<Answer[]> {
  const nodes: Answer[] = [];
  for (let after: string | null = null; ;) {
    const { connection, errors } = await pageOf(stage, grant, { first, after });
    expect(errors).toEqual([]);
    nodes.push(...connection.nodes);
    expect(connection.nodes.length).toBeLessThanOrEqual(first);
    if (!connection.pageInfo.hasNextPage) return nodes;
    after = connection.pageInfo.endCursor;
  }
}

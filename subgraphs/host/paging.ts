import { ArgsType, Field, Int, ObjectType } from "type-graphql";
import { BureauError } from "../../schema/errors.js";
import { Shareable } from "./directives.js";

/** Most entries of one page. */
export const PAGE_MAX = 100;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Where an entry stands in a list that is newest first. */
export interface Position {
  /** Milliseconds matter; finer parts must not exist. */
  readonly at: Date;
  /** A UUID: orders entries of the same instant. */
  readonly id: string;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: 20, description: "1 to 100." }) first!: number;
  @Field(() => String, { nullable: true, description: "`pageInfo.endCursor` of the page before." }) after?:
    | string
    | null;
}

@Shareable()
@ObjectType({ description: "Where a page ends." })
export class PageInfo {
  @Field(() => Boolean) hasNextPage!: boolean;
  @Field(() => String, { nullable: true, description: "Null on an empty page." }) endCursor!: string | null;
}

/** @throws BAD_USER_INPUT when `first` is out of bounds or `after` is no cursor */
export function readPage({ first, after }: PageArgs): {
  readonly limit: number;
  readonly after: Position | undefined;
} {
  const limit = readFirst(first);
  if (after == null) return { limit, after: undefined };
  const [ms, id, ...rest] = Buffer.from(after, "base64url").toString("latin1").split(" ");
  const at = new Date(/^[0-9]{1,15}$/.test(ms ?? "") ? Number(ms) : Number.NaN);
  if (Number.isNaN(at.getTime()) || id === undefined || !isUuid(id) || rest.length > 0)
    throw refuse("after", "after is no cursor");
  return { limit, after: { at, id } };
}

/** @throws BAD_USER_INPUT when `first` is out of bounds */
export function readFirst(first: number): number {
  if (!Number.isSafeInteger(first) || first < 1 || first > PAGE_MAX)
    throw refuse("first", `first must be 1 to ${PAGE_MAX}`);
  return first;
}

/** Cuts a page out of rows that were read with one more than the limit. */
export function pageOf<T>(
  rows: readonly T[],
  limit: number,
  positionOf: (row: T) => Position,
): { readonly nodes: T[]; readonly pageInfo: PageInfo } {
  const nodes = rows.slice(0, limit);
  const last = nodes.at(-1);
  const position = last === undefined ? undefined : positionOf(last);
  const endCursor = position === undefined ? null : cursorOf(position);
  return { nodes, pageInfo: { hasNextPage: rows.length > limit, endCursor } };
}

/** True for a UUID in its canonical lower-case form. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

function cursorOf({ at, id }: Position): string {
  return Buffer.from(`${at.getTime()} ${id}`, "latin1").toString("base64url");
}

function refuse(argument: string, problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { argument, problem } });
}

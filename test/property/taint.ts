import { createHash } from "node:crypto";
import { Kind, type TypeNode } from "graphql";
import { OWNERS } from "./cast.js";
import { type Graph, namedType } from "./graph.js";

/** What a value is of: every leaf spells it, in text where it can and in its digits where it is a number. */
export interface Label {
  /** A category, or `PARTY` for what belongs to the asker and rests on no consent. */
  readonly category: string;
  /** A merchant's code, or the asker's id under `PARTY`. */
  readonly owner: string;
  /** Field names with arguments and positions, from the owner down; aliases leave no trace in it. */
  readonly trail: string;
}

/** Categories by their digit; one that is not here yet has the last. */
const DIGITS = [
  "PARTY",
  "IDENTITY",
  "TRANSACTIONS",
  "SETTLEMENTS",
  "LOGISTICS",
  "REVIEWS",
  "SOCIAL",
  "FINANCING",
  "ASSESSMENT",
];

/** The label one field further down. */
export function below(label: Label, field: string, values: Readonly<Record<string, unknown>>): Label {
  return { ...label, trail: `${label.trail}/${field}${canonical(values)}` };
}

/** The label of one item of a list. */
export function at(label: Label, index: number): Label {
  return { ...label, trail: `${label.trail}[${index}]` };
}

/** Arguments as text: sorted, and what is null as if it were not there. */
function canonical(values: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(values)
    .filter(([, value]) => value != null)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${inner(value)}`);
  return given.length === 0 ? "" : `(${given.join(",")})`;
}

function inner(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inner).join(",")}]`;
  if (typeof value === "object" && value !== null) return canonical(value as Record<string, unknown>);
  return JSON.stringify(value);
}

function hashOf(label: Label, use: string): number {
  const text = `${use}|${textOf(label)}`;
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}

function textOf({ category, owner, trail }: Label): string {
  return `${category}|${owner}${trail}`;
}

const kept = new Map<string, number>();

/** Same as {@link hashOf}, remembered: the same labels come back in every situation. */
function hash(label: Label, use: string): number {
  const key = `${use}|${textOf(label)}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  if (kept.size > 200_000) kept.clear();
  const made = hashOf(label, use);
  kept.set(key, made);
  return made;
}

/** Some nullable values are null, so that null without an error is met too; the owner's own fields never are. */
export function isNothing(type: TypeNode, label: Label): boolean {
  if (type.kind === Kind.NON_NULL_TYPE || label.trail.split("/").length <= 2) return false;
  return hash(label, "null") % 12 === 0;
}

/** Lists of none to three. */
export function lengthOf(label: Label): number {
  return hash(label, "length") % 4;
}

/** Digits of the owner, of the category, and seven of the label's own. */
function digitsOf(label: Label): number {
  const owner = 1 + OWNERS.indexOf(label.owner);
  const category = Math.max(0, DIGITS.indexOf(label.category));
  return owner * 100_000_000 + category * 10_000_000 + (hash(label, "digits") % 10_000_000);
}

/** The tainted value of a leaf of a named type. */
export function leafOf(graph: Graph, type: TypeNode, label: Label): unknown {
  const name = namedType(type);
  switch (name) {
    case "Int":
    case "Minor":
      return digitsOf(label);
    case "Float":
      return digitsOf(label) + 0.5;
    case "Boolean":
      return hash(label, "boolean") % 2 === 0;
    default: {
      const values = graph.enums.get(name);
      if (values !== undefined) return values[hash(label, "enum") % values.length];
      return textOf(label);
    }
  }
}

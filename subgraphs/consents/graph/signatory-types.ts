import { Field, Int, ObjectType, registerEnumType } from "type-graphql";
import { PartyPolicy } from "../../host/directives.js";
import { InstantScalar } from "../../host/scalars.js";
import { enumOf } from "../../host/vocabulary.js";
import { isWaiting, type ListedSignatories } from "../signatories/set-signatories.js";
import type { SignatoryRegister } from "../signatories/signatory-store.js";

/** Derived: a list that was never approved lapses when another takes the place of the one it would have replaced. */
export const LIST_STATES = ["PROPOSED", "IN_FORCE", "PAST"] as const;
export type ListState = (typeof LIST_STATES)[number];

export const ListStateEnum = enumOf(LIST_STATES);
registerEnumType(ListStateEnum, {
  name: "SignatoryListState",
  description:
    "Derived: PROPOSED waits for approval by the list in force, PAST was replaced or never approved.",
});

@PartyPolicy(["merchant"])
@ObjectType({ description: "Those who may sign for the merchant. Never changed, only replaced." })
export class SignatoryList {
  @Field(() => Int, { description: "1 and up, in the order in which they were proposed." }) seq!: number;
  @Field(() => Int, { description: "How many of them must sign." }) quorum!: number;
  @Field(() => [String]) signatories!: readonly string[];
  @Field(() => ListStateEnum, { description: "At the instant of this answer." }) state!: ListState;
  @Field(() => [String], {
    description: "Of the signatories of the list before: those who approved this one.",
  })
  approvedBy!: readonly string[];
  @Field(() => InstantScalar) createdAt!: Date;
}

/** A list as GraphQL shows it. */
export function presentList({ list, register }: ListedSignatories): SignatoryList {
  const { seq, quorum, signatories, approvedBy, createdAt } = list;
  const isInForce = register.inForce?.seq === seq;
  const state = isInForce ? "IN_FORCE" : isWaiting(list, register) ? "PROPOSED" : "PAST";
  return { seq, quorum, signatories, state, approvedBy, createdAt };
}

/** All lists of a merchant, newest first. */
export function presentRegister(register: SignatoryRegister): SignatoryList[] {
  return register.lists.map((list) => presentList({ list, register }));
}

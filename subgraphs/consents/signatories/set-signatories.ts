import { BureauError } from "../../../schema/errors.js";
import { usccRegime } from "../../../schema/uscc.js";
import { refuseArgument } from "../agree-terms.js";
import type { ConsentRoom } from "../grant-consent.js";
import { transact } from "../transaction.js";
import { requireSignatory, type Signer } from "./require-signatory.js";
import {
  insertApproval,
  insertList,
  lockSignatories,
  readSignatories,
  type SignatoryList,
  type SignatoryRegister,
} from "./signatory-store.js";

/** Most persons on one list. */
export const SIGNATORIES_MAX = 20;
/** Most lists that may wait for approval at once. */
export const PROPOSALS_MAX = 10;

const PERSON = /^[\x21-\x7e]{1,128}$/;

/** A list and the register that it stands in. */
export interface ListedSignatories {
  readonly list: SignatoryList;
  readonly register: SignatoryRegister;
}

/**
 * Names those who may sign for the merchant. The first list is in force at once; a later one as soon as as many
 * signatories have approved it as the list in force asks for, the proposer being the first. The same list proposed
 * again gives the one that waits.
 * @throws BAD_USER_INPUT, SIGNATORY_NOT_REGISTERED, CONFLICT while ten lists wait
 */
export async function setSignatories(
  room: ConsentRoom,
  signer: Signer,
  asked: { readonly quorum: number; readonly signatories: readonly string[] },
): Promise<ListedSignatories> {
  requireList(signer.merchant, asked);
  return transact(room.store, async (trx) => {
    await lockSignatories(trx, signer.merchant);
    const acting = await requireSignatory(trx, room.rulebook, signer);
    const before = await readSignatories(trx, signer.merchant);
    const waiting = before.lists.filter((list) => isWaiting(list, before));
    const same = waiting.find((list) => sameList(list, asked));
    const list = same ?? {
      merchant: signer.merchant,
      seq: (before.lists[0]?.seq ?? 0) + 1,
      ...asked,
      replaces: acting?.list.seq,
      createdAt: await trx.now(),
      approvedBy: [],
    };
    if (same === undefined) {
      if (waiting.length >= PROPOSALS_MAX)
        throw new BureauError("CONFLICT", "too many lists wait", {
          facts: { problem: `${PROPOSALS_MAX} lists wait for approval` },
        });
      await insertList(trx, list);
    }
    if (acting !== undefined && !list.approvedBy.includes(acting.signatory))
      await insertApproval(trx, list, { signatory: acting.signatory, at: await trx.now() });
    return find(await readSignatories(trx, signer.merchant), list.seq);
  });
}

/**
 * Approves a list that waits; a retry gives the same answer.
 * @throws NOT_FOUND, SIGNATORY_NOT_REGISTERED, CONFLICT where the list it would replace is no longer in force
 */
export async function approveSignatories(
  room: ConsentRoom,
  signer: Signer,
  seq: number,
): Promise<ListedSignatories> {
  return transact(room.store, async (trx) => {
    await lockSignatories(trx, signer.merchant);
    const before = await readSignatories(trx, signer.merchant);
    // Whoever approved may repeat it, also where the new list names others.
    const approved = before.lists.find((one) => one.seq === seq);
    if (approved?.approvedBy.includes(signer.signatory ?? "") === true)
      return { list: approved, register: before };
    const acting = await requireSignatory(trx, room.rulebook, signer);
    const { list } = find(before, seq);
    if (acting === undefined || !isWaiting(list, before))
      throw new BureauError("CONFLICT", "the list does not wait", {
        facts: { problem: "the list does not wait for approval" },
      });
    await insertApproval(trx, list, { signatory: acting.signatory, at: await trx.now() });
    return find(await readSignatories(trx, signer.merchant), seq);
  });
}

/** Waits for approvals: it would replace the list that is in force. */
export function isWaiting(list: SignatoryList, { inForce }: SignatoryRegister): boolean {
  return inForce !== undefined && list.replaces === inForce.seq && list.seq > inForce.seq;
}

/** @throws NOT_FOUND */
function find(register: SignatoryRegister, seq: number): ListedSignatories {
  const list = register.lists.find((one) => one.seq === seq);
  if (list === undefined) throw new BureauError("NOT_FOUND");
  return { list, register };
}

function sameList(a: SignatoryList, b: Pick<SignatoryList, "quorum" | "signatories">): boolean {
  const names = ({ signatories }: typeof b): string => JSON.stringify(signatories.toSorted());
  return a.quorum === b.quorum && names(a) === names(b);
}

function requireList(
  merchant: string,
  { quorum, signatories }: Pick<SignatoryList, "quorum" | "signatories">,
): void {
  if (signatories.length < 1 || signatories.length > SIGNATORIES_MAX)
    throw refuseArgument("signatories", `signatories must name 1 to ${SIGNATORIES_MAX} persons`);
  if (!signatories.every((person) => PERSON.test(person)))
    throw refuseArgument("signatories", "a signatory must be 1 to 128 visible ASCII characters");
  if (new Set(signatories).size < signatories.length)
    throw refuseArgument("signatories", "a signatory must be named once");
  if (!Number.isSafeInteger(quorum) || quorum < 1 || quorum > signatories.length)
    throw refuseArgument("quorum", `quorum must be 1 to ${signatories.length}, the number of signatories`);
  if (usccRegime(merchant) === "INDIVIDUAL" && signatories.length > 1)
    throw refuseArgument("signatories", "a sole trader signs for itself: exactly one person");
}

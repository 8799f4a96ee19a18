import { getArgumentValues, getNamedType, type GraphQLObjectType, isObjectType } from "graphql";
import type { Category } from "../../schema/categories.js";
import type { Principal } from "../../schema/claims.js";
import { BureauError } from "../../schema/errors.js";
import type { Purpose } from "../../schema/purposes.js";
import { isUscc } from "../../schema/uscc.js";
import type { Operation, Question } from "../inquiry.js";
import type { PolicyIndex } from "../policies.js";
import type { ShapeField } from "../shape/shape.js";
import { askedCategories } from "./asked-categories.js";

/** A portfolio holds at most this many merchants. */
export const PORTFOLIO_MAX = 100;
const REFERENCE = /^[\x21-\x7e][\x20-\x7e]{0,62}[\x21-\x7e]$|^[\x21-\x7e]$/;

/** A root field and the merchants it asks about, in the order of the answer. */
export interface Root {
  readonly responseKey: string;
  readonly questions: readonly Question[];
}

interface RootArguments {
  readonly id?: string;
  readonly purpose?: Purpose;
  readonly reference?: string;
  readonly inquiries?: readonly {
    readonly id: string;
    readonly purpose: Purpose;
    readonly reference: string;
  }[];
}

/**
 * Reads the questions of one root field after variables are coerced, so that an alias, a default or a list argument
 * cannot smuggle a merchant past the decision. Fields that do not return merchants ask none.
 * @throws BAD_USER_INPUT for a code of another form, a bad reference, too many merchants, or a purpose that is not the asker's to state
 */
export function readQuestions(
  { asked, type }: { readonly asked: ShapeField; readonly type: GraphQLObjectType },
  context: { readonly operation: Operation; readonly index: PolicyIndex; readonly principal: Principal },
): readonly Question[] {
  const field = type.getFields()[asked.name];
  if (field === undefined) return [];
  const merchant = getNamedType(field.type);
  if (!isObjectType(merchant) || merchant.name !== "Merchant") return [];
  const found = askedCategories(context.index, context.operation, { type: merchant, shape: asked.inner });
  const isBare = found.categories.size === 0;
  const levels = {
    asked: isBare ? (["IDENTITY"] as const) : [...found.categories],
    askedRecords: [...found.records],
    askedFigures: isBare ? (["IDENTITY"] as const) : [...found.figures],
  };
  const args = getArgumentValues(field, asked.node, context.operation.variables) as RootArguments;
  if (field.name === "me") {
    const merchant = context.principal.id;
    return [{ merchant, purpose: "OWN_QUERY", reference: "own-file", own: true, ...levels }];
  }
  const listed = args.inquiries ?? [args as { id: string; purpose: Purpose; reference: string }];
  if (listed.length > PORTFOLIO_MAX) throw refuse(`at most ${PORTFOLIO_MAX} inquiries at a time`);
  return listed.map(({ id, purpose, reference }) => {
    // One spelling for each merchant; and nothing else goes into the ledger's statement, which others wait for too.
    if (!isUscc(id)) throw refuse("id must be a unified social credit code of 18 digits and capitals");
    if (!REFERENCE.test(reference)) throw refuse("reference must be 1 to 64 visible ASCII characters");
    if (purpose === "OWN_QUERY") throw refuse("OWN_QUERY is the merchant's own purpose");
    return { merchant: id, purpose, reference, own: false, ...levels };
  });
}

/**
 * One operation asks about a merchant under one purpose and reference, so that each value in the answer rests on one
 * decision. The same question under several aliases is one inquiry that asks for all of their categories.
 * @throws INQUIRY_CONFLICT
 */
export function mergeQuestions(questions: readonly Question[]): readonly Question[] {
  const merged = new Map<string, Question>();
  for (const question of questions) {
    const known = merged.get(question.merchant);
    if (known === undefined) {
      merged.set(question.merchant, question);
      continue;
    }
    if (known.purpose !== question.purpose || known.reference !== question.reference)
      throw new BureauError("INQUIRY_CONFLICT");
    merged.set(question.merchant, {
      ...known,
      asked: union(known.asked, question.asked),
      askedRecords: union(known.askedRecords, question.askedRecords),
      askedFigures: union(known.askedFigures, question.askedFigures),
    });
  }
  return [...merged.values()];
}

function union(a: readonly Category[], b: readonly Category[]): readonly Category[] {
  return [...new Set([...a, ...b])];
}

function refuse(problem: string): BureauError {
  return new BureauError("BAD_USER_INPUT", problem, { facts: { problem } });
}

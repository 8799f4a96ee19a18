import type { SubgraphContext } from "../host/context.js";
import { Merchant } from "./graph/merchant.js";

/** The merchant, where the permit has a grant for it; null otherwise, whether it exists or not. */
export const merchantReference = {
  __resolveReference: (
    representation: Readonly<Record<string, unknown>>,
    context: SubgraphContext,
  ): Merchant | null => {
    const id = String(representation["id"]);
    return context.permit.grantFor(id) === undefined ? null : Object.assign(new Merchant(), { id });
  },
};

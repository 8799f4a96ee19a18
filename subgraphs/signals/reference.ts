import type { ReferenceResolver } from "../host/build-subgraph.js";
import { Merchant } from "./types.js";

/** A merchant by its code. Nothing is looked up: whether it is known here shows only in what a consent opens. */
export const resolveMerchantReference: ReferenceResolver = ({ id }) => Object.assign(new Merchant(), { id });

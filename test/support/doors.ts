import { ConfigError } from "../../foundation/config.js";
import { sha256Hex } from "../../foundation/tokens.js";
import type { Gateway } from "../../gateway/process/create-gateway.js";
import type { BureauSeams } from "../../gateway/process/open-bureau.js";
import { GENERAL_PATH } from "../../gateway/process/doors/general-door.js";
import { DOCUMENTS_PATH } from "../../gateway/receive/documents/documents-route.js";
import {
  createTrustedDocuments,
  type TrustedDocuments,
} from "../../gateway/receive/documents/trusted-documents.js";
import { OPERATION_LIMITS } from "../../gateway/receive/limits.js";

export type Door = "general" | "lean";

/** The door by which this run of the tests goes in; a project of vitest.config.ts sets it. */
export const DOOR: Door = process.env["XINQIAO_TEST_DOOR"] === "lean" ? "lean" : "general";

/** Where that door is. */
export const DOOR_PATH = DOOR === "lean" ? DOCUMENTS_PATH : GENERAL_PATH;

/** Trusts one text more at a running gateway; undefined where no gateway would trust it. */
type Trust = (text: string) => string | undefined;

const trusting = new WeakMap<Gateway, Trust>();

/** Documents of a bureau under test, which trusts what its tests send at the moment they send it. */
export interface GrowingDocuments {
  readonly seam: NonNullable<BureauSeams["documents"]>;
  /** From now on texts can be trusted at this gateway. */
  open(gateway: Gateway, introspection: boolean): void;
}

export function growDocuments(): GrowingDocuments {
  const grown = new Map<string, TrustedDocuments>();
  return {
    seam: (known) => ({
      ...known,
      find: (id, operationName) => (grown.get(id) ?? known).find(id, operationName),
    }),
    open: (gateway, introspection) => {
      const reading = { schema: gateway.federation.apiSchema, limits: OPERATION_LIMITS, introspection };
      trusting.set(gateway, (text) => {
        const id = sha256Hex(text);
        try {
          if (!grown.has(id)) grown.set(id, createTrustedDocuments([{ id, text, from: id }], [], reading));
          return id;
        } catch (error) {
          if (error instanceof ConfigError) return undefined;
          throw error;
        }
      });
    },
  };
}

/** How a request goes in: the path of a door, and the body that fits it. */
export interface WayIn {
  readonly path: string;
  readonly body: object;
}

/**
 * The way in for a GraphQL request. By the lean door its text becomes a trusted document and its id is sent. What no gateway
 * would trust (not valid, beyond the limits, several operations, no request at all) has no way in but the general door.
 */
export function wayIn(gateway: Gateway, body: object, door: Door = DOOR): WayIn {
  const { query, ...rest } = body as { readonly query?: unknown };
  const id = door === "lean" && typeof query === "string" ? trusting.get(gateway)?.(query) : undefined;
  return id === undefined
    ? { path: GENERAL_PATH, body }
    : { path: DOCUMENTS_PATH, body: { documentId: `sha256:${id}`, ...rest } };
}

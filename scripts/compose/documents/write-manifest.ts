import { type OperationDefinitionNode, Kind } from "graphql";
import type { TrustedDocument } from "../../../gateway/receive/documents/trusted-documents.js";

export const MANIFEST_FORMATS = ["plain", "apollo"] as const;
export type ManifestFormat = (typeof MANIFEST_FORMATS)[number];

/**
 * The manifest of some documents as JSON text, by id: `{"<sha256>": "<text>"}`, or Apollo's persisted query manifest,
 * version 1. The same documents make the same bytes.
 */
export function writeManifest(documents: readonly TrustedDocument[], format: ManifestFormat): string {
  const sorted = documents.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const manifest =
    format === "plain"
      ? Object.fromEntries(sorted.map(({ id, text }) => [id, text]))
      : {
          format: "apollo-persisted-query-manifest",
          version: 1,
          operations: sorted.map((trusted) => ({
            id: trusted.id,
            name: trusted.operationName ?? "",
            type: typeOf(trusted),
            body: trusted.text,
          })),
        };
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** `query` or `mutation`. */
export function typeOf({ document }: TrustedDocument): string | undefined {
  return document.definitions.find(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  )?.operation;
}

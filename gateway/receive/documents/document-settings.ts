import { optional, type Values, withDefault } from "../../../foundation/config.js";
import { list, path, string } from "../../../foundation/config/parsers.js";

/** In place of clients: every one of them. */
export const EVERY_CLIENT = "*";

/** Settings of trusted documents. */
export const DOCUMENT_SETTINGS = {
  documents: optional({
    env: "XINQIAO_DOCUMENTS",
    doc: "Trusted documents: a manifest file, or a folder of .graphql files; absent trusts none.",
    parse: path(),
  }),
  documentsRequired: withDefault({
    env: "XINQIAO_DOCUMENTS_REQUIRED",
    doc: "Clients (client_id of their tokens) that run trusted documents and nothing else; * is every client.",
    parse: list(string(200), 1_000),
    default: [],
  }),
};

/** What must hold between these settings; one sentence for each that does not. */
export function documentRelations({
  documents,
  documentsRequired,
}: Values<typeof DOCUMENT_SETTINGS>): string[] {
  if (documentsRequired.length === 0) return [];
  const problems: string[] = [];
  if (documents === undefined)
    problems.push("XINQIAO_DOCUMENTS_REQUIRED needs XINQIAO_DOCUMENTS, or those clients could run nothing");
  if (documentsRequired.includes(EVERY_CLIENT) && documentsRequired.length > 1)
    problems.push("XINQIAO_DOCUMENTS_REQUIRED is * or names clients, not both");
  return problems;
}

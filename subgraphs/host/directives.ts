import { Directive } from "type-graphql";
import type { Category } from "../../schema/categories.js";
import type { Party, Scope } from "../../schema/parties.js";

type AnyDecorator = ClassDecorator & PropertyDecorator & MethodDecorator;

/** The federation link of every subgraph; composition refuses a subgraph that links anything else. */
export const FEDERATION_LINK = [
  "extend schema @link(",
  '  url: "https://specs.apollo.dev/federation/v2.11"',
  '  import: ["@key", "@shareable", "@external", "@requires", "@policy"]',
  ")",
].join("\n");

/** `@key(fields:)`: makes the type an entity. */
export function Key(fields: string): ClassDecorator {
  return Directive(`@key(fields: "${fields}")`) as ClassDecorator;
}

/** `@shareable`: a value type that several subgraphs resolve alike. */
export function Shareable(): AnyDecorator {
  return Directive("@shareable") as AnyDecorator;
}

/** The field, or every field of the class, leaves only under a live consent for the category. */
export function ConsentPolicy(category: Category): AnyDecorator {
  return Directive(`@policy(policies: [["consent:${category}"]])`) as AnyDecorator;
}

/** The field shows single records: it leaves only where a live consent opens them, beside the category itself. */
export function RecordsPolicy(category: Category): AnyDecorator {
  return Directive(`@policy(policies: [["consent:${category}", "records:${category}"]])`) as AnyDecorator;
}

/** One way in: a party, and the scope its token must carry. */
export type PartyRule = readonly [Party, `scope:${Scope}`] | readonly [Party];

/** The field is for these parties; each rule is one way in (any rule, all of its terms). */
export function PartyPolicy(...rules: readonly PartyRule[]): AnyDecorator {
  const lists = rules.map(([party, ...scopes]) => {
    const terms = [`party:${party}`, ...scopes].map((term) => JSON.stringify(term));
    return `[${terms.join(", ")}]`;
  });
  return Directive(`@policy(policies: [${lists.join(", ")}])`) as AnyDecorator;
}

import {
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type InlineFragmentNode,
  Kind,
  parse,
  print,
  type SelectionSetNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import type { SubgraphAnswer, WireError } from "../../schema/subgraph.js";

const QUERIES_MAX = 2_000;
const ID: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "id" } };
const ID_OF_ENTITY: InlineFragmentNode = {
  kind: Kind.INLINE_FRAGMENT,
  typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: "Merchant" } },
  selectionSet: { kind: Kind.SELECTION_SET, selections: [ID] },
};

/** For each root field of an operation that returns merchants, by response key: whom it asks about, in order. */
export type Expected = ReadonlyMap<string, readonly string[]>;

/** What stands where a merchant was asked about and somebody else came back. */
const STRANGER = { code: "SOURCE_UNAVAILABLE" } as const;

/**
 * A subgraph that mixes up its rows, or is not the bureau's any more, must not put one merchant's values in another's
 * place. Every merchant is asked for its code along with the rest, and what does not give the code asked about is no
 * answer.
 */
export class Echo {
  readonly #queries = new LRUCache<string, string>({ max: QUERIES_MAX });

  /** The same query with the code selected on every merchant; `roots` are the response keys that return merchants. */
  ask(query: string, roots: ReadonlySet<string>): string {
    const known = this.#queries.get(query);
    if (known !== undefined) return known;
    const asking = print(withId(parse(query, { noLocation: true }), (key) => roots.has(key)));
    this.#queries.set(query, asking);
    return asking;
  }

  /** The answer without the merchants that are not who they should be. */
  checkRoots(answer: SubgraphAnswer, expected: Expected): SubgraphAnswer {
    const { data } = answer;
    if (data == null) return answer;
    const errors: WireError[] = [];
    const kept: Record<string, unknown> = { ...data };
    for (const [key, merchants] of expected) {
      const value = own(data, key);
      if (value == null) continue;
      if (!Array.isArray(value)) {
        if (isMerchant(value, merchants[0])) continue;
        kept[key] = null;
        errors.push(strangerAt([key]));
        continue;
      }
      const isWhole = value.length === merchants.length;
      if (!isWhole) errors.push(strangerAt([key]));
      kept[key] = isWhole ? this.#checked(value, merchants, { under: [key], errors }) : null;
    }
    return withErrors({ ...answer, data: kept }, errors);
  }

  /** The same for entities, which come back in the order of their representations. */
  checkEntities(
    answer: SubgraphAnswer,
    representations: readonly unknown[],
    responseKey: string,
  ): SubgraphAnswer {
    const given = own(answer.data, responseKey);
    const errors: WireError[] = [];
    const merchants = representations.map((each) => String((each as { readonly id?: unknown }).id));
    const isWhole = Array.isArray(given) && given.length === merchants.length;
    if (!isWhole && given != null) errors.push(strangerAt([responseKey]));
    const entities = isWhole ? this.#checked(given, merchants, { under: [responseKey], errors }) : null;
    const data = { ...answer.data, [responseKey]: entities ?? merchants.map(() => null) };
    return withErrors({ ...answer, data }, errors);
  }

  #checked(
    given: readonly unknown[],
    merchants: readonly string[],
    { under, errors }: { readonly under: readonly string[]; readonly errors: WireError[] },
  ): readonly unknown[] {
    return given.map((value, i) => {
      if (value == null || isMerchant(value, merchants[i])) return value;
      errors.push(strangerAt([...under, i]));
      return null;
    });
  }
}

function own(data: SubgraphAnswer["data"], key: string): unknown {
  return data != null && Object.hasOwn(data, key) ? data[key] : undefined;
}

function isMerchant(value: unknown, code: string | undefined): boolean {
  const { __typename: typeName = "Merchant", id } = value as {
    readonly __typename?: unknown;
    readonly id?: unknown;
  };
  return typeName === "Merchant" && code !== undefined && id === code;
}

function strangerAt(path: readonly (string | number)[]): WireError {
  return { message: "another merchant came back", path, extensions: STRANGER };
}

function withErrors(answer: SubgraphAnswer, errors: readonly WireError[]): SubgraphAnswer {
  return errors.length === 0 ? answer : { ...answer, errors: [...(answer.errors ?? []), ...errors] };
}

/** The document with the code selected, without condition, on every merchant that it reads at its roots. */
function withId(document: DocumentNode, isMerchants: (key: string) => boolean): DocumentNode {
  const fragments = new Set<string>();
  const ofRoots = (set: SelectionSetNode): SelectionSetNode => ({
    ...set,
    selections: set.selections.map((node) => {
      if (node.kind === Kind.FRAGMENT_SPREAD) fragments.add(node.name.value);
      if (node.kind === Kind.INLINE_FRAGMENT) return { ...node, selectionSet: ofRoots(node.selectionSet) };
      if (node.kind !== Kind.FIELD || node.selectionSet === undefined) return node;
      const isEntities = node.name.value === "_entities";
      if (!isEntities && !isMerchants((node.alias ?? node.name).value)) return node;
      const selections = [isEntities ? ID_OF_ENTITY : ID, ...node.selectionSet.selections];
      return { ...node, selectionSet: { ...node.selectionSet, selections } };
    }),
  });
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new TypeError("a fetch without an operation");
  const rewritten = new Map<DefinitionNode, DefinitionNode>();
  rewritten.set(operation, { ...operation, selectionSet: ofRoots(operation.selectionSet) });
  // Fragments of the root spread others in their turn; the set grows while it is walked.
  for (const name of fragments) {
    const fragment = document.definitions.find(
      (node) => node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === name,
    );
    if (fragment?.kind === Kind.FRAGMENT_DEFINITION)
      rewritten.set(fragment, { ...fragment, selectionSet: ofRoots(fragment.selectionSet) });
  }
  return { ...document, definitions: document.definitions.map((node) => rewritten.get(node) ?? node) };
}

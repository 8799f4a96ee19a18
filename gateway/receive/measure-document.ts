import { type DocumentNode, Kind, type SelectionSetNode, visit } from "graphql";

/** What a document holds as it is written, wherever it stands in it. */
export interface DocumentSize {
  readonly operations: number;
  readonly fragments: number;
  /** On operations, variables and fragments too, where nothing ever reads them. */
  readonly directives: number;
  /** On the one place that has most; `@skip` and `@include` are all there is to put on one. */
  readonly directivesOfOne: number;
  /**
   * Fields whose response key another field of the same selection set has already. Validation compares each with each,
   * level by level, so a few hundred of them make millions of comparisons.
   */
  readonly repeats: number;
  /** Lists and objects within lists and objects, in literals and in types. */
  readonly valueDepth: number;
}

/** Measures a document in one walk that does not recurse. */
export function measureDocument(document: DocumentNode): DocumentSize {
  const size = { operations: 0, fragments: 0, directives: 0, directivesOfOne: 0, repeats: 0, valueDepth: 0 };
  let depth = 0;
  visit(document, {
    enter: (node) => {
      const own = "directives" in node ? (node.directives?.length ?? 0) : 0;
      size.directives += own;
      size.directivesOfOne = Math.max(size.directivesOfOne, own);
      if (node.kind === Kind.OPERATION_DEFINITION) size.operations += 1;
      if (node.kind === Kind.FRAGMENT_DEFINITION) size.fragments += 1;
      if (OWN_SETS.has(node.kind) && "selectionSet" in node) size.repeats += repeatsIn(node.selectionSet);
      if (NESTING.has(node.kind)) depth += 1;
      size.valueDepth = Math.max(size.valueDepth, depth);
    },
    leave: (node) => {
      if (NESTING.has(node.kind)) depth -= 1;
    },
  });
  return size;
}

/** What has a selection set of its own; an inline fragment shares the one it stands in. */
const OWN_SETS: ReadonlySet<Kind> = new Set([
  Kind.FIELD,
  Kind.OPERATION_DEFINITION,
  Kind.FRAGMENT_DEFINITION,
]);
const NESTING: ReadonlySet<Kind> = new Set([Kind.LIST, Kind.OBJECT, Kind.LIST_TYPE]);

function repeatsIn(set: SelectionSetNode | undefined): number {
  const keys = new Set<string>();
  let fields = 0;
  const open = set === undefined ? [] : [set];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const selection of next.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) open.push(selection.selectionSet);
      if (selection.kind !== Kind.FIELD) continue;
      fields += 1;
      keys.add(selection.alias?.value ?? selection.name.value);
    }
  }
  return fields - keys.size;
}

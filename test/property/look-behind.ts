import {
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  type SelectionSetNode,
} from "graphql";
import type { InquiryEntry } from "../../schema/ports.js";
import { MERCHANTS } from "./cast.js";
import type { Difference } from "./compare.js";
import { categoriesIn, type Graph, isLeftOut, namedType, plainValue } from "./graph.js";
import type { Prediction } from "./model/predict.js";
import type { SubgraphCall, Touch } from "./oracle-bureau.js";
import type { Asker } from "./world.js";

/** What was seen behind the gateway while one asker's operation ran. */
export interface Seen {
  readonly calls: readonly SubgraphCall[];
  readonly touches: readonly Touch[];
  readonly entries: readonly InquiryEntry[];
}

/**
 * Judges what no answer shows: that no subgraph was asked about a merchant or for a category that was not granted,
 * that permits open no more than was granted, that no resolver ran beyond it, and that the record tells the decision.
 */
export function lookBehind(graph: Graph, seen: Seen, predicted: Prediction): readonly Difference[] {
  const opens = (merchant: string, category: string) =>
    predicted.holds.get(merchant)?.has(`consent:${category}`) === true;
  const isOpen = (merchant: string) => (predicted.holds.get(merchant)?.size ?? 0) > 0;
  return [
    ...seen.calls.flatMap((call) => [
      ...MERCHANTS.filter((merchant) => call.body.includes(merchant) && !isOpen(merchant)).map(
        (merchant) => `named: ${call.subgraph} was asked about ${merchant}, which opened nothing`,
      ),
      ...judgeAsked(call, categoriesAsked(graph, call), opens),
      ...grantsIn(call).flatMap(({ merchant, categories }) =>
        categories
          .filter((category) => !opens(merchant, category))
          .map((category) => `permit: ${call.subgraph} was permitted ${category} of ${merchant}`),
      ),
    ]),
    ...seen.touches
      .filter(({ merchant, category }) => !opens(merchant, category))
      .map(({ merchant, category }) => `resolved: ${category} of ${merchant}`),
    ...compareRecord(seen.entries, predicted),
  ];
}

/** A category that none of the merchants opens; a merchant that opens none of what it is fetched for. */
function judgeAsked(
  { subgraph }: SubgraphCall,
  asked: readonly Asked[],
  opens: (merchant: string, category: string) => boolean,
): readonly Difference[] {
  const idle = asked.filter(
    ({ merchants, category }) => !merchants.some((merchant) => opens(merchant, category)),
  );
  // A root must name whoever opens anything, for its entity; a fetch of entities only whom it reads.
  const entities = asked.filter(({ isEntities }) => isEntities);
  const closed = [...new Set(entities.flatMap(({ merchants }) => merchants))].filter(
    (merchant) => !entities.some(({ category }) => opens(merchant, category)),
  );
  return [
    ...idle.map(
      ({ category, merchants }) =>
        `asked: ${subgraph} was asked for ${category} of ${merchants.join(" ") || "nobody"}`,
    ),
    ...closed.map((merchant) => `asked: ${subgraph} was asked about ${merchant} for what it does not open`),
  ];
}

interface Grant {
  readonly merchant: string;
  readonly categories: readonly string[];
}

/** Permits are compact JWS; whoever runs this only reads them. */
export function claimsOf(permit: string | undefined): {
  readonly sub?: string;
  readonly grants?: readonly Grant[];
} {
  const payload = permit?.split(".")[1];
  if (payload === undefined) return {};
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as ReturnType<typeof claimsOf>;
}

function grantsIn(call: SubgraphCall): readonly Grant[] {
  return claimsOf(call.permit).grants ?? [];
}

type Variables = Readonly<Record<string, unknown>>;

interface Asked {
  readonly isEntities: boolean;
  readonly category: string;
  readonly merchants: readonly string[];
}

interface Request {
  readonly definition: OperationDefinitionNode;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

const requests = new Map<string, Request>();

function requestOf(query: string): Request {
  const known = requests.get(query);
  if (known !== undefined) return known;
  const { definitions } = parse(query, { noLocation: true });
  const operations = definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const [definition] = operations;
  if (definition === undefined || operations.length > 1) throw new Error(`not one operation: ${query}`);
  const fragments = new Map(
    definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  requests.set(query, { definition, fragments });
  return { definition, fragments };
}

/** Each category that a request selects, with the merchants whom the same request selects it of. */
function categoriesAsked(graph: Graph, { body }: SubgraphCall): readonly Asked[] {
  const { query, variables = {} } = JSON.parse(body) as {
    readonly query: string;
    readonly variables?: Variables;
  };
  const { definition, fragments } = requestOf(query);
  const fieldsOf = fieldReader(fragments, variables);
  const root = graph.composites.get(definition.operation === "mutation" ? "Mutation" : "Query");
  return fieldsOf(definition.selectionSet).flatMap((node) => {
    const isEntities = node.name.value === "_entities";
    const field = root?.fields.get(node.name.value);
    if (!isEntities && (field === undefined || namedType(field.type) !== "Merchant")) return [];
    const merchants = merchantsOf(node, variables);
    // An empty portfolio asks for nothing of nobody.
    if (merchants === undefined) return [];
    const merchant = graph.composites.get("Merchant");
    const categories = fieldsOf(node.selectionSet).flatMap((inner) =>
      categoriesIn(merchant?.fields.get(inner.name.value)?.rule),
    );
    return [...new Set(categories)].map((category) => ({ isEntities, category, merchants }));
  });
}

/** Reads the fields of a set that are not left out, whatever fragments stand between. */
function fieldReader(fragments: Request["fragments"], variables: Variables) {
  const fieldsOf = (set: SelectionSetNode | undefined): readonly FieldNode[] =>
    (set?.selections ?? []).flatMap((node) => {
      if (isLeftOut(node.directives ?? [], variables)) return [];
      if (node.kind === Kind.FIELD) return [node];
      const source = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
      return fieldsOf(source?.selectionSet);
    });
  return fieldsOf;
}

function merchantsOf(node: FieldNode, variables: Variables): readonly string[] | undefined {
  const values = (node.arguments ?? []).map((argument) => plainValue(argument.value, variables));
  const named = MERCHANTS.filter((merchant) => JSON.stringify(values).includes(merchant));
  if (JSON.stringify(values) === "[[]]") return undefined;
  return node.name.value === "me" ? MERCHANTS : named;
}

function compareRecord(entries: readonly InquiryEntry[], predicted: Prediction): readonly Difference[] {
  const decided = entries
    .filter((entry) => entry.stage === "DECIDED")
    .map(({ merchant, decision, asked, released }) => [merchant, decision, asked, released.toSorted()]);
  const expected = predicted.inquiries.map(({ merchant, decision }) => [
    merchant,
    decision,
    predicted.asked.get(merchant),
    [...(predicted.holds.get(merchant) ?? [])]
      .flatMap((term) => /^consent:(.+)$/.exec(term)?.[1] ?? [])
      .toSorted(),
  ]);
  const [told, wanted] = [JSON.stringify(decided), JSON.stringify(expected)];
  return told === wanted ? [] : [`record: ${told}, not ${wanted}`];
}

/** Who an entry, a call or a touch belongs to. */
export function seenOf(asker: Asker, seen: Seen): Seen {
  return {
    calls: seen.calls.filter((call) => claimsOf(call.permit).sub === asker.id),
    touches: seen.touches.filter((touch) => touch.asker === asker.id),
    entries: seen.entries.filter((entry) => entry.asker === asker.id),
  };
}

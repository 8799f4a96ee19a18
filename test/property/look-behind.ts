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
import { type Graph, isLeftOut, namedType, plainValue } from "./graph.js";
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
  const holds: Holds = (merchant, term) => predicted.holds.get(merchant)?.has(term) === true;
  const isOpen = (merchant: string) => (predicted.holds.get(merchant)?.size ?? 0) > 0;
  return [
    ...seen.calls.flatMap((call) => [
      ...MERCHANTS.filter((merchant) => call.body.includes(merchant) && !isOpen(merchant)).map(
        (merchant) => `named: ${call.subgraph} was asked about ${merchant}, which opened nothing`,
      ),
      ...judgeAsked(call, termsAsked(graph, call), holds),
      ...grantsIn(call).flatMap((grant) => judgeGrant(call, grant, predicted)),
    ]),
    ...seen.touches
      .filter(({ merchant, category }) => !holds(merchant, `consent:${category}`))
      .map(({ merchant, category }) => `resolved: ${category} of ${merchant}`),
    ...compareRecord(seen.entries, predicted),
  ];
}

/** Whether a term of the rules holds for a merchant. */
type Holds = (merchant: string, term: string) => boolean;

/** A term that holds for none of the merchants; a merchant for which none holds of what it is fetched for. */
function judgeAsked(
  { subgraph }: SubgraphCall,
  asked: readonly Asked[],
  holds: Holds,
): readonly Difference[] {
  const idle = asked.filter(({ merchants, term }) => !merchants.some((merchant) => holds(merchant, term)));
  // A root must name whoever opens anything, for its entity; a fetch of entities only whom it reads.
  const entities = asked.filter(({ isEntities }) => isEntities);
  const closed = [...new Set(entities.flatMap(({ merchants }) => merchants))].filter(
    (merchant) => !entities.some(({ term }) => holds(merchant, term)),
  );
  return [
    ...idle.map(
      ({ term, merchants }) =>
        `asked: ${subgraph} was asked for ${term} of ${merchants.join(" ") || "nobody"}`,
    ),
    ...closed.map((merchant) => `asked: ${subgraph} was asked about ${merchant} for what it does not open`),
  ];
}

interface Grant {
  readonly merchant: string;
  readonly categories: readonly string[];
  readonly records: readonly string[];
  readonly accounts?: unknown;
  readonly months?: unknown;
}

/** A permit may open no term that does not hold, and no account or month that the consent does not open. */
function judgeGrant({ subgraph }: SubgraphCall, grant: Grant, predicted: Prediction): readonly Difference[] {
  const { merchant, categories, records } = grant;
  const terms = [
    ...categories.map((category) => `consent:${category}`),
    ...records.map((category) => `records:${category}`),
  ];
  const inquiry = predicted.inquiries.find((each) => each.merchant === merchant);
  const told = JSON.stringify([grant.accounts ?? null, grant.months ?? null]);
  const wanted = JSON.stringify([inquiry?.accounts ?? null, inquiry?.months ?? null]);
  return [
    ...terms
      .filter((term) => predicted.holds.get(merchant)?.has(term) !== true)
      .map((term) => `permit: ${subgraph} was permitted ${term} of ${merchant}`),
    ...(told === wanted ? [] : [`permit: ${subgraph} was permitted ${told} of ${merchant}, not ${wanted}`]),
  ];
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
  readonly term: string;
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

/** Each term that what a request selects rests on, with the merchants whom the same request selects it of. */
function termsAsked(graph: Graph, { body }: SubgraphCall): readonly Asked[] {
  const { query, variables = {} } = JSON.parse(body) as {
    readonly query: string;
    readonly variables?: Variables;
  };
  const { definition, fragments } = requestOf(query);
  const fieldsOf = fieldReader(fragments, variables);
  const root = graph.composites.get(definition.operation === "mutation" ? "Mutation" : "Query");
  const termsBelow = (typeName: string, set: SelectionSetNode | undefined): readonly string[] => {
    const type = graph.composites.get(typeName);
    return fieldsOf(set).flatMap((node) => {
      const field = type?.fields.get(node.name.value);
      if (field === undefined) return [];
      const own = [field.rule, type?.rule].flatMap((rule) => rule?.flat() ?? []);
      return [...own, ...termsBelow(namedType(field.type), node.selectionSet)];
    });
  };
  return fieldsOf(definition.selectionSet).flatMap((node) => {
    const isEntities = node.name.value === "_entities";
    const field = root?.fields.get(node.name.value);
    if (!isEntities && (field === undefined || namedType(field.type) !== "Merchant")) return [];
    const merchants = merchantsOf(node, variables);
    // An empty portfolio asks for nothing of nobody.
    if (merchants === undefined) return [];
    const terms = new Set(termsBelow("Merchant", node.selectionSet));
    return [...terms].map((term) => ({ isEntities, term, merchants }));
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
    .map((entry) => [
      entry.merchant,
      entry.decision,
      entry.asked,
      entry.askedRecords,
      entry.released.toSorted(),
      entry.releasedRecords?.toSorted(),
    ]);
  const expected = predicted.inquiries.map(({ merchant, decision }) => {
    const question = predicted.questions.get(merchant);
    const held = (kind: string) =>
      [...(predicted.holds.get(merchant) ?? [])]
        .filter((term) => term.startsWith(`${kind}:`))
        .map((term) => term.slice(kind.length + 1))
        .toSorted();
    return [merchant, decision, question?.asked, question?.askedRecords, held("consent"), held("records")];
  });
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

import { Kind, print, type TypeNode } from "graphql";
import { MERCHANTS } from "./cast.js";
import { type Graph, type GraphArgument, type GraphField, namedType } from "./graph.js";
import { type Condition, type Drawn, type Selection, VARIANTS } from "./operation.js";

/** An operation in the form in which it is sent. */
export interface WrittenOperation {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const STRANGE = ["__proto__", "constructor", "hasOwnProperty", "data", "toString"];

/** Writes a drawn operation out: valid by construction, whatever was drawn. */
export function writeOperation(graph: Graph, drawn: Drawn): WrittenOperation {
  return new Writer(graph, drawn).write();
}

class Writer {
  readonly #graph: Graph;
  readonly #drawn: Drawn;
  readonly #definitions = new Map<string, string>();
  readonly #values: Record<string, unknown> = {};
  readonly #arguments = new Map<string, string>();
  readonly #fragments = new Map<number, string>();

  constructor(graph: Graph, drawn: Drawn) {
    this.#graph = graph;
    this.#drawn = drawn;
  }

  write(): WrittenOperation {
    const { root, isNamed } = this.#drawn;
    const body = this.#set(root, this.#drawn.selections, -1);
    const fragments = [...this.#fragments.entries()].toSorted(([a], [b]) => a - b).map(([, text]) => text);
    const list = [...this.#definitions.values()];
    const head = `${root.toLowerCase()}${isNamed ? " Inquire" : ""}${list.length === 0 ? "" : `(${list.join(", ")})`}`;
    return { text: [`${head} ${body}`, ...fragments].join("\n"), variables: this.#values };
  }

  #set(type: string, selections: readonly Selection[], within: number): string {
    const lines = selections.map((selection) => this.#selection(type, selection, within)).filter(Boolean);
    return `{ ${lines.length === 0 ? "__typename" : lines.join(" ")} }`;
  }

  #selection(type: string, selection: Selection, within: number): string {
    if (selection.kind === "inline") {
      const conditions = this.#conditions(selection);
      const on = selection.isTyped ? ` on ${type}` : "";
      return `...${on}${conditions} ${this.#set(type, selection.inner, within)}`;
    }
    if (selection.kind === "spread") {
      const { fragments } = this.#drawn;
      // A fragment spreads later ones only, so that none reaches itself.
      const index = fragments.findIndex(
        (each, i) => i > within && i >= selection.fragment && each.type === type,
      );
      const fragment = fragments[index];
      if (fragment === undefined) return "";
      if (!this.#fragments.has(index)) {
        this.#fragments.set(index, "");
        this.#fragments.set(index, `fragment F${index} on ${type} ${this.#set(type, fragment.inner, index)}`);
      }
      return `...F${index}${this.#conditions(selection)}`;
    }
    return this.#field(type, selection, within);
  }

  #conditions({ conditions }: Selection): string {
    return conditions.map((condition) => this.#condition(condition)).join("");
  }

  #field(type: string, selection: Extract<Selection, { kind: "field" }>, within: number): string {
    const field = this.#graph.composites.get(type)?.fields.get(selection.name);
    const key = this.#responseKey(type, selection);
    const alias = key === selection.name ? "" : `${key}: `;
    const written = field === undefined ? "" : this.#argumentsOf(type, field, selection.variant);
    const target = field === undefined ? "" : namedType(field.type);
    const inner = this.#graph.composites.has(target) ? ` ${this.#set(target, selection.inner, within)}` : "";
    return `${alias}${selection.name}${written}${this.#conditions(selection)}${inner}`;
  }

  /** Equal keys mean equal fields and arguments, in every scope, so that selections always merge. */
  #responseKey(type: string, { name, variant, alias }: Extract<Selection, { kind: "field" }>): string {
    if (variant !== 0 || alias !== 0) return `${"kab"[alias]}_${name}_${variant}`;
    const names = [...(this.#graph.composites.get(type)?.fields.keys() ?? [])];
    const position = names.indexOf(name);
    const { swap, strange } = this.#drawn;
    if (position === -1) return name;
    if (strange?.[0] === position) return STRANGE[strange[1]] ?? name;
    if (swap === undefined) return name;
    const [one, other] = swap;
    const takes = position === one ? other : position === other ? one : position;
    return takes === strange?.[0] ? name : (names[takes] ?? name);
  }

  #condition({ directive, value }: Condition): string {
    if (typeof value === "boolean") return ` @${directive}(if: ${value})`;
    const name = `b${value.variable}`;
    const drawn = this.#drawn.booleans[value.variable] ?? { value: true, spelling: 0 };
    const spellings = ["Boolean!", `Boolean! = ${drawn.value}`, `Boolean = ${!drawn.value}`];
    this.#definitions.set(name, `$${name}: ${spellings[drawn.spelling]}`);
    if (drawn.spelling !== 1) this.#values[name] = drawn.value;
    return ` @${directive}(if: $${name})`;
  }

  #argumentsOf(type: string, field: GraphField, variant: number): string {
    const key = `${type}.${field.name}/${variant}`;
    const known = this.#arguments.get(key);
    if (known !== undefined) return known;
    const seed = this.#drawn.seeds[variant % VARIANTS] ?? 0;
    const written = field.arguments.flatMap((argument, i) => {
      const value = this.#valueFor(field, argument, variant);
      const isOptional = argument.type.kind !== Kind.NON_NULL_TYPE || argument.defaultValue !== undefined;
      if (isOptional && (variant === 0 || (seed + i) % 3 === 2)) return [];
      return [`${argument.name}: ${this.#spell(argument.type, value, (seed >> 2) + i)}`];
    });
    const text = written.length === 0 ? "" : `(${written.join(", ")})`;
    this.#arguments.set(key, text);
    return text;
  }

  #valueFor(field: GraphField, argument: GraphArgument, variant: number): unknown {
    const { questions, portfolios, seeds } = this.#drawn;
    const stated = (nth: number) => {
      const { merchant, purpose, reference } = questions[nth] ?? { merchant: 0, purpose: "", reference: "" };
      return { id: MERCHANTS[merchant], purpose, reference } as Readonly<Record<string, unknown>>;
    };
    if (field.name === "merchant") return stated(variant)[argument.name];
    if (field.name === "merchants") return (portfolios[variant] ?? []).map(stated);
    return sample(this.#graph, argument.type, seeds[variant % VARIANTS] ?? 0);
  }

  /** As a literal, as a variable, as a variable's default, or with variables inside an object or a list. */
  #spell(type: TypeNode, value: unknown, spelling: number): string {
    switch (spelling % 4) {
      case 0:
        return literal(this.#graph, type, value);
      case 1:
        return this.#variable(type, value, "given");
      case 2:
        return this.#variable(type, value, "default");
      default:
        return this.#spellInside(type, value, spelling >> 2);
    }
  }

  #spellInside(type: TypeNode, value: unknown, spelling: number): string {
    const inner = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
    if (inner.kind === Kind.LIST_TYPE) {
      const items = value as readonly unknown[];
      return `[${items.map((item, i) => this.#spell(inner.type, item, spelling + i)).join(", ")}]`;
    }
    const members = inner.kind === Kind.NAMED_TYPE ? this.#graph.inputs.get(inner.name.value) : undefined;
    if (members === undefined) return this.#variable(type, value, "given");
    const given = value as Readonly<Record<string, unknown>>;
    const written = members
      .filter(({ name }) => given[name] !== undefined)
      .map(({ name, type: of }, i) => `${name}: ${this.#spell(of, given[name], spelling + i)}`);
    return `{${written.join(", ")}}`;
  }

  #variable(type: TypeNode, value: unknown, how: "given" | "default"): string {
    const count = this.#definitions.size;
    // The executor has a variable of this name too.
    const name = count === 0 && this.#drawn.isNamed ? "representations" : `v${count}`;
    const fallback = how === "default" ? ` = ${literal(this.#graph, type, value)}` : "";
    this.#definitions.set(name, `$${name}: ${print(type)}${fallback}`);
    if (how === "given") this.#values[name] = value;
    return `$${name}`;
  }
}

function literal(graph: Graph, type: TypeNode, value: unknown): string {
  if (type.kind === Kind.NON_NULL_TYPE) return literal(graph, type.type, value);
  if (type.kind === Kind.LIST_TYPE)
    return `[${(value as readonly unknown[]).map((item) => literal(graph, type.type, item)).join(", ")}]`;
  const members = graph.inputs.get(type.name.value);
  if (members === undefined) return graph.enums.has(type.name.value) ? String(value) : JSON.stringify(value);
  const given = value as Readonly<Record<string, unknown>>;
  const written = members
    .filter(({ name }) => given[name] !== undefined)
    .map(({ name, type: of }) => `${name}: ${literal(graph, of, given[name])}`);
  return `{${written.join(", ")}}`;
}

/** Some value of an input type; it names no merchant of the cast, so that only inquiries do. */
function sample(graph: Graph, type: TypeNode, seed: number): unknown {
  if (type.kind === Kind.NON_NULL_TYPE) return sample(graph, type.type, seed);
  if (type.kind === Kind.LIST_TYPE) return [sample(graph, type.type, seed)];
  const name = type.name.value;
  const values = graph.enums.get(name);
  if (values !== undefined) return values[seed % values.length];
  const members = graph.inputs.get(name);
  if (members !== undefined) {
    const chosen = members.filter(
      (member, i) => member.type.kind === Kind.NON_NULL_TYPE || (seed + i) % 2 === 0,
    );
    return Object.fromEntries(chosen.map((member) => [member.name, sample(graph, member.type, seed)]));
  }
  if (name === "Int") return 1 + (seed % 3);
  if (name === "Float") return seed + 0.25;
  if (name === "Boolean") return seed % 2 === 0;
  if (name === "MerchantId") return "93990100MA0000Q9P3";
  if (name === "Month") return `2026-0${1 + (seed % 6)}`;
  if (name === "Instant") return "2026-07-01T00:00:00.000Z";
  return ["CNY", "USD", 'a"b', "x"][seed % 4];
}

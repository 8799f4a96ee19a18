import "reflect-metadata";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { printSchemaWithDirectives } from "@graphql-tools/utils";
import {
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isObjectType,
  parse,
  print,
  specifiedDirectives,
} from "graphql";
import { buildSchema, createResolversMap, type NonEmptyArray } from "type-graphql";
import { type Category, isCategory } from "../../schema/categories.js";
import type { Subgraph, SubgraphRequest } from "../../schema/subgraph.js";
import { LoaderScope, type SubgraphContext } from "./context.js";
import type { SubgraphDeps } from "./deps.js";
import { FEDERATION_LINK } from "./directives.js";
import { Executor, wireError } from "./execute.js";
import type { PermitVerifier } from "./permit.js";

type ClassLike = abstract new (...args: never[]) => object;

/** Turns one entity representation (its key fields) into the entity; batched by the loaders it uses. */
export type ReferenceResolver = (
  representation: Readonly<Record<string, unknown>>,
  context: SubgraphContext,
) => unknown;

export interface SubgraphOptions {
  /** The subgraph's name: its audience, its PostgreSQL schema and its key in the supergraph. */
  readonly name: string;
  readonly resolvers: readonly ClassLike[];
  /** Entity classes; each must be named here, or it is dropped when nothing else reaches it. */
  readonly entities: readonly ClassLike[];
  readonly references: Readonly<Record<string, { __resolveReference: ReferenceResolver }>>;
  readonly deps: SubgraphDeps;
  /** Resolver instances, one per class that has a constructor with arguments; others are made without arguments. */
  readonly instances?: readonly object[];
}

/**
 * Builds a subgraph from type-graphql classes: prints the schema with its directives, links federation and adds the
 * entity references. The value does not listen.
 * @throws Error when an entity is missing from the printed SDL
 */
export async function buildSubgraph(options: SubgraphOptions): Promise<Subgraph> {
  const byClass = new Map((options.instances ?? []).map((instance) => [instance.constructor, instance]));
  const raw = await buildSchema({
    resolvers: options.resolvers as unknown as NonEmptyArray<NewableFunction>,
    orphanedTypes: options.entities as unknown as NewableFunction[],
    directives: [...specifiedDirectives],
    skipCheck: true,
    validate: false,
    container: {
      get: (type: NewableFunction) => byClass.get(type) ?? new (type as unknown as new () => object)(),
    },
  });
  const sdl = `${FEDERATION_LINK}\n\n${printSchemaWithDirectives(raw)}\n`;
  for (const name of Object.keys(options.references)) requireEntity(sdl, name);
  const resolvers = mergeReferences(createResolversMap(raw), options.references);
  return subgraphFromSdl({ name: options.name, sdl, resolvers, verifyPermit: options.deps.verifyPermit });
}

/** A subgraph whose schema is text already. */
export interface SdlSubgraphOptions {
  readonly name: string;
  /** With its federation link and directives. */
  readonly sdl: string;
  /** By type and field; `__resolveReference` for entities. */
  readonly resolvers: Readonly<Record<string, unknown>>;
  readonly verifyPermit: PermitVerifier;
}

/** The floor that every subgraph stands on, whoever wrote its resolvers: permit, guarded fields, executor, masked errors. */
export function subgraphFromSdl({ name, sdl, resolvers, verifyPermit }: SdlSubgraphOptions): Subgraph {
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never });
  guardEntityFields(schema);
  const executor = new Executor(schema);
  const context = async (request: SubgraphRequest): Promise<SubgraphContext> => ({
    permit: await verifyPermit(name, request),
    loads: new LoaderScope(),
  });
  return {
    name,
    sdl,
    schema,
    context,
    execute: async (request) => {
      try {
        return await executor.run(request.body, await context(request));
      } catch (error) {
        return { errors: [wireError(error)] };
      }
    },
  };
}

function requireEntity(sdl: string, name: string): void {
  if (!new RegExp(`type ${name} @key\\(`).test(sdl))
    throw new Error(`entity ${name} is missing from the SDL`);
}

function mergeReferences(
  resolvers: Record<string, unknown>,
  references: SubgraphOptions["references"],
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...resolvers };
  for (const [type, reference] of Object.entries(references)) {
    merged[type] = { ...(merged[type] as object | undefined), ...reference };
  }
  return merged;
}

/**
 * Deny by default below the resolvers: a field of `Merchant` with a `consent:` or `records:` policy runs only when the
 * permit opens that category of that merchant, and its records, whether its own resolver remembers to ask or not.
 */
function guardEntityFields(schema: GraphQLSchema): void {
  const merchant = schema.getType("Merchant");
  if (!isObjectType(merchant)) return;
  for (const field of Object.values(merchant.getFields())) {
    const policy = field.astNode?.directives?.find((directive) => directive.name.value === "policy");
    const named = policy === undefined ? [] : [...print(policy).matchAll(/(consent|records):([A-Z]+)/g)];
    for (const [, kind, category] of named) {
      if (isCategory(category)) field.resolve = guarded({ kind, category }, field.resolve);
    }
  }
}

function guarded(
  { kind, category }: { readonly kind: string | undefined; readonly category: Category },
  resolve: GraphQLFieldResolver<unknown, unknown> | undefined,
): GraphQLFieldResolver<unknown, unknown> {
  return (source, args, context, info) => {
    const { id } = source as { id: string };
    const { permit } = context as SubgraphContext;
    if (kind === "records") permit.requireRecords(id, category);
    else permit.require(id, category);
    return resolve === undefined
      ? (source as Record<string, unknown>)[info.fieldName]
      : resolve(source, args, context, info);
  };
}

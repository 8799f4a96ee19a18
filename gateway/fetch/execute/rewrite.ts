import type { Rewrite, RewriteStep } from "../../graph/plan.js";
import type { PossibleTypes } from "../../graph/possible-types.js";
import { isObject, type JsonObject, own, put } from "./objects.js";

/** Applies a plan's rewrites to a value in place: at the end of each path a member is set or renamed. */
export function applyRewrites(value: unknown, rewrites: readonly Rewrite[], types: PossibleTypes): void {
  for (const rewrite of rewrites) visit(value, rewrite, { depth: 0, types });
}

function visit(
  value: unknown,
  rewrite: Rewrite,
  { depth, types }: { readonly depth: number; readonly types: PossibleTypes },
): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, rewrite, { depth, types });
    return;
  }
  if (!isObject(value)) return;
  const step = rewrite.path[depth];
  if (step === undefined) return;
  if (step.kind === "type") {
    if (isOfType(value, step, types)) visit(value, rewrite, { depth: depth + 1, types });
    return;
  }
  if (depth < rewrite.path.length - 1) {
    visit(own(value, step.key), rewrite, { depth: depth + 1, types });
    return;
  }
  if (!Object.hasOwn(value, step.key)) return;
  if (rewrite.kind === "set") put(value, step.key, rewrite.value);
  else rename(value, step.key, rewrite.responseKey);
}

function isOfType(
  value: JsonObject,
  step: Extract<RewriteStep, { kind: "type" }>,
  types: PossibleTypes,
): boolean {
  const typeName = own(value, "__typename");
  return typeof typeName !== "string" || step.names.some((name) => types.meets(typeName, name));
}

function rename(value: JsonObject, from: string, to: string): void {
  if (from === to) return;
  const held = own(value, from);
  delete value[from];
  put(value, to, held);
}

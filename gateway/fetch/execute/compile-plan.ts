import type { ConditionStep, FetchStep, Plan, PlanStep } from "../../plan/plan.js";
import type { PossibleTypes } from "../../plan/possible-types.js";
import { compileFetch, type Run } from "./compile-fetch.js";

/** A plan that can be run: fills `run.data` and `run.errors`; never throws for a source's sake. */
export type CompiledPlan = (run: Run) => Promise<void>;

type CompiledStep = (run: Run) => Promise<void> | undefined;

/** Compiles a plan once; it holds no state of any run. */
export function compilePlan(plan: Plan, types: PossibleTypes): CompiledPlan {
  if (plan.root === undefined) return async () => {};
  const root = compileStep(plan.root, types);
  return async (run) => root(run);
}

function compileStep(step: PlanStep, types: PossibleTypes): CompiledStep {
  switch (step.kind) {
    case "fetch":
      return compileFetch(step satisfies FetchStep, types);
    case "sequence":
      return inSequence(step.steps.map((inner) => compileStep(inner, types)));
    case "parallel":
      return inParallel(step.steps.map((inner) => compileStep(inner, types)));
    case "condition":
      return underCondition(step, types);
    default:
      return step satisfies never;
  }
}

function inSequence(steps: readonly CompiledStep[]): CompiledStep {
  return async (run) => {
    for (const step of steps) {
      const pending = step(run);
      if (pending !== undefined) await pending;
      run.signal?.throwIfAborted();
    }
  };
}

function inParallel(steps: readonly CompiledStep[]): CompiledStep {
  return (run) => {
    const pending = steps.map((step) => step(run)).filter((one) => one !== undefined);
    if (pending.length === 0) return undefined;
    return pending.length === 1 ? pending[0] : Promise.all(pending).then(() => {});
  };
}

function underCondition(step: ConditionStep, types: PossibleTypes): CompiledStep {
  const whenTrue = step.whenTrue === undefined ? undefined : compileStep(step.whenTrue, types);
  const whenFalse = step.whenFalse === undefined ? undefined : compileStep(step.whenFalse, types);
  return (run) => (run.variables[step.variable] === true ? whenTrue : whenFalse)?.(run);
}

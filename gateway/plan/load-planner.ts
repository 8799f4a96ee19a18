import { loadApolloPlanner } from "./apollo/apollo-planner.js";
import type { CreatePlanner } from "./planner.js";

export const PLANNER_KINDS = ["native", "apollo"] as const;
export type PlannerKind = (typeof PLANNER_KINDS)[number];

/**
 * Loads the planner that was asked for, and never another in its place: the two differ in speed, in licence and in what
 * they can plan, so the operator decides (`docs/decisions/0020-planner.md`).
 * @throws Error that says what to do, when it does not load here
 */
export async function loadPlanner(kind: PlannerKind): Promise<CreatePlanner> {
  if (kind === "apollo") return loadApolloPlanner();
  try {
    const { createNativePlanner } = await import("./native-planner.js");
    return createNativePlanner;
  } catch (cause) {
    throw new Error(
      "the native planner has no binary for this platform (it has for Linux with glibc and for macOS, x64 and arm64); " +
        "the apollo planner runs everywhere once it is installed (docs/engine.md)",
      { cause },
    );
  }
}

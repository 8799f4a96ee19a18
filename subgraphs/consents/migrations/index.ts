import type { Migration } from "kysely";
import * as initial from "./0001-initial.js";
import * as credentials from "./0002-credentials.js";
import * as levels from "./0003-levels-stages-signatories.js";
import * as checks from "./0004-checks.js";

/** The migrations of the PostgreSQL schema `consents`, by name, in order. */
export const consentsMigrations: Readonly<Record<string, Migration>> = {
  "0001-initial": { up: initial.up },
  "0002-credentials": { up: credentials.up },
  "0003-levels-stages-signatories": { up: levels.up },
  "0004-checks": { up: checks.up },
};

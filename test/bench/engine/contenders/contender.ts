import type { Key } from "../../../../foundation/tokens.js";
import type { BenchIssuer } from "../market/issuer.js";
import type { BenchMarket } from "../market/open-market.js";

/** What all contenders are measured on. */
export interface Field {
  readonly market: BenchMarket;
  readonly issuer: BenchIssuer;
  /** The subgraphs over HTTP, the same process for all. */
  readonly subgraphUrls: Readonly<Record<string, string>>;
  /** The supergraph without security directives, with those addresses in it. */
  readonly supergraphFile: string;
  /** A folder of trusted documents, the profile query in it. */
  readonly documentsFolder: string;
  readonly subgraphs: SubgraphsSettings;
  /** Banks that ask, and their tokens by scheme. */
  readonly tokens: Readonly<Record<"bearer" | "dpop", readonly string[]>>;
}

/** How subgraphs are opened where a contender has them in its own process. */
export interface SubgraphsSettings {
  readonly connectionString: string;
  readonly keysFolder: string;
  readonly poolMax: number;
  readonly months: { readonly from: string; readonly until: string };
  readonly isMemoized: boolean;
}

/** A server of a contender, running. */
export interface Running {
  readonly pid: number;
  readonly origin: string;
  readonly path: string;
  /** The JSON body that asks for the profile with these variables. */
  readonly body: (variables: object) => string;
  readonly tokens: readonly string[];
  readonly proofKey: Key | undefined;
  /** Sends a message to a process that reports on itself. */
  readonly ask: (message: object) => Promise<unknown>;
  stop(): Promise<void>;
}

/** One configuration that is measured. */
export interface Contender {
  readonly id: string;
  readonly title: string;
  /** Limits are no gateways: they say what the machine gives. */
  readonly kind: "ours" | "peer" | "limit";
  /** A door that is not built yet, or a package that cannot be installed: a reason, and it is left out. */
  unavailable?(field: Field): Promise<string | undefined>;
  /** A fresh process. `nodeOptions` are words for Node itself. */
  start(field: Field, nodeOptions?: readonly string[]): Promise<Running>;
}

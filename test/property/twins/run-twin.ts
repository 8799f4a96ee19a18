import { startOracleBureau } from "../oracle-bureau.js";
import { runOracle } from "../run-oracle.js";

/** Enough operations for each hole to be met; a whole gateway passes all of them under the same seed. */
const OPERATIONS = 150;
const SEED = 20_260_615;

/** What the oracle says of the gateway as it is built in the calling test file; `undefined` where it finds nothing. */
export async function failureOfTwin(): Promise<string | undefined> {
  const oracle = await startOracleBureau({ mode: "in-process", ledger: "memory" });
  try {
    return (await runOracle(oracle, { operations: OPERATIONS, seed: SEED, isShrinking: false })).failure;
  } finally {
    await oracle.close();
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPostgres, type Postgres } from "../../../foundation/postgres.js";
import { stateOf } from "../../../schema/consent.js";
import type { Credential } from "../../../schema/claims.js";
import type { ConsentLedger } from "../../../schema/ports.js";
import { createConsentLedger, createCredentialRegister } from "../../../subgraphs/consents/index.js";
import {
  alice,
  ALICE,
  CHANGE,
  type ConsentRoomTest,
  GRANT,
  openConsentRoom,
  termsFromNow,
} from "./consent-room.js";

/** What stands between the ledger and its database: replies pass, or are held until they are let go. */
class HeldReplies {
  readonly #folder: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #held: (() => void)[] | undefined;

  constructor(folder: string, target: string) {
    this.#folder = folder;
    this.#server = createServer((client) => {
      const upstream = createConnection(path.join(target, ".s.PGSQL.5432"));
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
      }
      client.on("data", (bytes) => upstream.write(bytes));
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
      upstream.on("data", (bytes) => {
        if (this.#held === undefined) client.write(bytes);
        else this.#held.push(() => void client.write(bytes));
      });
    });
  }

  static async open(target: string): Promise<HeldReplies> {
    const proxy = new HeldReplies(await mkdtemp(path.join(os.tmpdir(), "xinqiao-held-")), target);
    await new Promise<void>((resolve) =>
      proxy.#server.listen(path.join(proxy.#folder, ".s.PGSQL.5432"), resolve),
    );
    return proxy;
  }

  get folder(): string {
    return this.#folder;
  }

  hold(): void {
    this.#held = [];
  }

  /** How many pieces of replies were held and are now on their way. */
  letGo(): number {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const send of held) send();
    return held.length;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const question = { bank: "demo-bank", merchant: ALICE };
const token: Credential = { kind: "TOKEN", id: "https://as.example|token-1" };

let room: ConsentRoomTest;
let proxy: HeldReplies;
let pool: Postgres;
let ledger: ConsentLedger;
let consentId: string;

beforeEach(async () => {
  room = await openConsentRoom();
  const address = new URL(room.database.connectionString);
  proxy = await HeldReplies.open(address.searchParams.get("host") ?? "");
  address.searchParams.set("host", proxy.folder);
  pool = openPostgres({
    connectionString: address.href,
    applicationName: "ledger",
    poolMax: 2,
    statementTimeoutMs: 10_000,
  });
  ledger = createConsentLedger({ postgres: pool, timeoutMs: 250 });
  consentId = (await room.ask(alice, GRANT, { input: termsFromNow() })).data.grantConsent.id;
});
afterEach(async () => {
  await pool.close();
  await proxy.close();
  await room.close();
});

const ask = async (): Promise<string> => {
  try {
    const { consents, ended, now } = await ledger.check([question], [token]);
    const found = consents[0]?.[0];
    return `${found === undefined ? "none" : stateOf(found, now)} ${ended.length}`;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("a reply that comes too late", () => {
  test("is never read as the answer to a later check", async () => {
    await expect.poll(ask).toBe("ACTIVE 0");
    for (let round = 0; round < 3; round += 1) {
      proxy.hold();
      const turnedAway = await Promise.all([ask(), ask()]);
      expect(turnedAway).toEqual(["CONSENT_UNKNOWN", "CONSENT_UNKNOWN"]);
      if (round === 0) {
        await room.ask(alice, CHANGE("revokeConsent"), { input: { consentId } });
        const by = { actor: "officer-1", reason: "lost" };
        await createCredentialRegister({ postgres: room.postgres }).end([token], by);
      }
      // The answer of the check that was given up says ACTIVE in the first round, and is now on its way.
      expect(proxy.letGo()).toBeGreaterThan(0);
      const answers = await Promise.all([ask(), ask(), ask()]);
      for (const answer of answers) expect(["REVOKED 1", "CONSENT_UNKNOWN"]).toContain(answer);
      await expect.poll(ask).toBe("REVOKED 1");
    }
  });

  test("keeps all who wait from an answer, also those who came while it was awaited", async () => {
    await expect.poll(ask).toBe("ACTIVE 0");
    proxy.hold();
    const early = ask();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = Array.from({ length: 5 }, ask);
    expect(await Promise.all([early, ...late])).toEqual(Array.from({ length: 6 }, () => "CONSENT_UNKNOWN"));
    proxy.letGo();
    await expect.poll(ask).toBe("ACTIVE 0");
  });
});

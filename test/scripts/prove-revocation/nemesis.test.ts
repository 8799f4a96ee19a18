import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FaultProxy } from "../../../scripts/prove-revocation/nemesis/fault-proxy.js";
import { planNemesis } from "../../../scripts/prove-revocation/nemesis/fault-schedule.js";

describe("the schedule of faults", () => {
  it("is the same for one seed, another for another, and goes on to the end", () => {
    const schedule = planNemesis(5, 2, 20_000);
    expect(planNemesis(5, 2, 20_000)).toEqual(schedule);
    expect(planNemesis(6, 2, 20_000)).not.toEqual(schedule);
    expect(schedule.at(-1)?.atMs).toBeGreaterThan(17_000);
  });

  it("holds every kind within twenty seconds, whatever the seed", () => {
    for (let seed = 0; seed < 200; seed++) {
      const kinds = new Set(planNemesis(seed, 2, 20_000).map(({ kind }) => kind));
      expect(kinds.size, `seed ${seed}`).toBe(9);
    }
  });
});

describe("a fault proxy", () => {
  let folder: string;
  let server: net.Server;
  let proxy: FaultProxy;
  const opened: net.Socket[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "xinqiao-proxy-"));
    const target = path.join(folder, "socket");
    // It answers each byte with its successor.
    server = net.createServer((socket) => {
      opened.push(socket);
      socket.on("error", () => {}).on("data", (bytes) => socket.write(bytes.map((byte) => byte + 1)));
    });
    await new Promise<void>((resolve) => server.listen(target, resolve));
    proxy = await FaultProxy.open(target);
  });

  afterEach(async () => {
    for (const socket of opened.splice(0)) socket.destroy();
    await proxy.close();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });

  interface Line {
    readonly socket: net.Socket;
    heard: string;
    end: string;
  }

  /** A connection that says which pool it is of, as PostgreSQL's startup message does. */
  async function connect(pool: string): Promise<Line> {
    const socket = net.connect(proxy.port, "127.0.0.1");
    const line: Line = { socket, heard: "", end: "" };
    opened.push(socket);
    socket.on("data", (bytes) => (line.heard += bytes.toString("latin1")));
    socket.on("error", (error: NodeJS.ErrnoException) => (line.end = error.code ?? "error"));
    socket.on("close", () => (line.end ||= "closed"));
    socket.write(`application_name\0xinqiao-${pool}\0`);
    await until(() => line.heard.length > 0);
    line.heard = "";
    return line;
  }

  async function until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < 500 && !holds(); i++) await delay(10);
    expect(holds()).toBe(true);
  }

  it("passes bytes on in both directions", async () => {
    const line = await connect("ledger");
    line.socket.write("abc");
    await until(() => line.heard === "bcd");
  });

  it("keeps replies back while a hole is there, and gives all of them in order afterwards", async () => {
    const line = await connect("ledger");
    const heal = proxy.hinder({ scope: "ledger", directions: ["reply"], delayMs: "held" });
    for (const letter of "abc") line.socket.write(letter);
    await delay(50);
    expect(line.heard).toBe("");
    heal();
    await until(() => line.heard === "bcd");
  });

  it("concerns the connections of its scope only", async () => {
    const [ledger, reading] = [await connect("ledger"), await connect("subgraphs")];
    proxy.hinder({ scope: "ledger", directions: ["request"], delayMs: "held" });
    ledger.socket.write("a");
    reading.socket.write("a");
    await until(() => reading.heard === "b");
    expect(ledger.heard).toBe("");
  });

  it("takes the connection that asked the ledger's check last for the one of the check", async () => {
    const [check, claim] = [await connect("ledger"), await connect("ledger")];
    check.socket.write("consents.check\0");
    claim.socket.write("consents.claim\0");
    await until(() => check.heard !== "" && claim.heard !== "");
    [check.heard, claim.heard] = ["", ""];
    proxy.hinder({ scope: "check", directions: ["reply"], delayMs: "held" });
    check.socket.write("a");
    claim.socket.write("a");
    await until(() => claim.heard === "b");
    expect(check.heard).toBe("");
  });

  it("knows a silence from its begin to its end, over holes that overlap", async () => {
    expect(proxy.silence).toBeUndefined();
    const endFirst = proxy.hinder({ scope: "ledger", directions: ["reply"], delayMs: "held" });
    const { silence } = proxy;
    expect(silence).toBeTypeOf("symbol");
    const endSecond = proxy.hinder({ scope: "all", directions: ["request"], delayMs: "held" });
    endFirst();
    expect(proxy.silence).toBe(silence);
    endSecond();
    expect(proxy.silence).toBeUndefined();
    proxy.hinder({ scope: "all", directions: ["reply"], delayMs: 5 });
    expect(proxy.silence).toBeUndefined();
  });

  it("does not tell of an end while a hole is there", async () => {
    const line = await connect("ledger");
    const heal = proxy.hinder({ scope: "all", directions: ["reply"], delayMs: "held" });
    for (const socket of opened) if (socket !== line.socket) socket.destroy();
    await delay(50);
    expect(line.end).toBe("");
    heal();
    await until(() => line.end === "closed");
  });

  it("breaks connections with a reset", async () => {
    const [ledger, reading] = [await connect("ledger"), await connect("subgraphs")];
    proxy.reset("ledger");
    await until(() => ledger.end === "ECONNRESET");
    expect(reading.end).toBe("");
  });
});

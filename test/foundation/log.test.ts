import { expect, describe, it } from "vitest";
import { createLogger, type LogLevel } from "../../foundation/log.js";
import { BureauError } from "../../schema/errors.js";

function capture(level: LogLevel = "info") {
  const lines: string[] = [];
  const logger = createLogger({
    name: "test",
    level,
    destination: { write: (line) => void lines.push(line) },
  });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown> };
}

const TOKEN = `eyJhbGciOiJFUzI1NiJ9.${"eyJzdWIiOiJiYW5rIn0"}.c2lnbmF0dXJl`;

describe("the log", () => {
  it("is one JSON object a line with level, name, instant and message", () => {
    const { logger, lines, last } = capture();
    logger.info({ inquiryId: "i-1" }, "inquiry answered");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.endsWith("\n")).toBe(true);
    expect(last()).toMatchObject({ level: "info", name: "test", msg: "inquiry answered", inquiryId: "i-1" });
    expect(last()["time"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it("leaves out what is below its level", () => {
    const { logger, lines } = capture("warn");
    logger.info("not shown");
    logger.warn("shown");
    expect(lines).toHaveLength(1);
  });

  it.each([
    "authorization",
    "Authorization",
    "cookie",
    "accessToken",
    "clientSecret",
    "password",
    "dpop",
    "privateKey",
  ])("hides the field '%s' at any depth", (name) => {
    const { logger, lines } = capture();
    logger.info({ [name]: "hush-hush", request: { headers: [{ [name]: "hush-hush" }] } }, "x");
    expect(lines[0]).not.toContain("hush-hush");
    expect(lines[0]).toContain("[hidden]");
  });

  it("keeps fields that tell of no credential", () => {
    const { logger, last } = capture();
    logger.info({ merchant: "m", headers: { accept: "a/b" } }, "x");
    expect(last()).toMatchObject({ merchant: "m", headers: { accept: "a/b" } });
  });

  it("hides a token wherever it stands: message, harmless field, error", () => {
    const { logger, lines } = capture();
    logger.info(`got ${TOKEN}`);
    logger.info({ note: `DPoP ${TOKEN}` });
    logger.error({ err: new Error(`bad ${TOKEN}`) });
    logger.info("sent Bearer abcdefgh12345678");
    expect(lines.join("")).not.toMatch(/c2lnbmF0dXJl|abcdefgh12345678/);
  });

  it("shows an error's code, detail and stack", () => {
    const { logger, last } = capture();
    logger.error({ err: new BureauError("SERVICE_UNAVAILABLE", "the disk is full") }, "failed");
    expect(last()["err"]).toMatchObject({ code: "SERVICE_UNAVAILABLE", detail: "the disk is full" });
  });

  it("lets no text fake a line or drive a terminal", () => {
    const { logger, lines, last } = capture();
    const text = 'a\n{"level":"fatal"}\r\u001b[31m\u009b31m\u2028\u202e\u007f';
    logger.info({ reference: text }, text);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(last()["reference"]).toBe(text);
  });

  it("survives a field that contains itself", () => {
    const { logger, lines } = capture();
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    logger.info({ loop }, "x");
    expect(lines).toHaveLength(1);
  });
});

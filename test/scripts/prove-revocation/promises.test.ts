import { beforeEach, describe, expect, it } from "vitest";
import { PromiseKeeper, type Release } from "../../../scripts/prove-revocation/promises.js";

const release = (startedAt: number, answeredAt: number): Release => ({
  gateway: "gateway 0",
  merchant: "merchant",
  consentId: "consent",
  startedAt,
  answeredAt,
});

let keeper: PromiseKeeper;
const broken = (): string[] => keeper.violations.map(({ promise }) => promise);

describe("what is judged of every answer (R1)", () => {
  beforeEach(() => {
    keeper = new PromiseKeeper();
  });

  it("is broken by an answer to an inquiry that started after the revocation was acknowledged", () => {
    keeper.closedAt("consent", "REVOKED", 10);
    keeper.answered(release(10.1, 11));
    expect(broken()).toEqual(["R1"]);
    expect(keeper.violations[0]?.text).toContain("REVOKED at 10.000");
  });

  it("is kept by an answer to an inquiry that had started before, however late it comes", () => {
    keeper.closedAt("consent", "REVOKED", 10);
    keeper.answered(release(9.9, 5_000));
    expect(broken()).toEqual([]);
  });

  it("is about one consent: what another one opens is no matter of it", () => {
    keeper.closedAt("another", "REVOKED", 10);
    keeper.answered(release(11, 12));
    expect(broken()).toEqual([]);
  });

  it("holds for a pause until somebody asks for its end, and again for the next pause", () => {
    keeper.closedAt("consent", "PAUSED", 10);
    keeper.answered(release(11, 12));
    keeper.opensAt("consent", 20);
    keeper.answered(release(11, 20.5));
    keeper.answered(release(21, 22));
    keeper.closedAt("consent", "PAUSED", 30);
    keeper.answered(release(31, 32));
    expect(broken()).toEqual(["R1", "R1"]);
  });

  it("is not undone by resuming: a revoked consent stays closed", () => {
    keeper.closedAt("consent", "REVOKED", 10);
    keeper.opensAt("consent", 20);
    keeper.answered(release(21, 22));
    expect(broken()).toEqual(["R1"]);
    expect(keeper.revoked()).toEqual(["consent"]);
  });
});

describe("what is judged of an answer on its way (R2)", () => {
  beforeEach(() => {
    keeper = new PromiseKeeper(550);
    keeper.closedAt("consent", "REVOKED", 100);
  });

  it("is broken by an answer that outlives the acknowledgement by more than the bound", () => {
    keeper.answered(release(50, 651));
    expect(broken()).toEqual(["R2"]);
  });

  it("is kept up to the bound, and for as long as the process stood still beside it", () => {
    keeper.answered(release(50, 650));
    keeper.answered(release(50, 1_649), 1_000);
    expect(broken()).toEqual([]);
  });
});

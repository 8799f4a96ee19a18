import { describe, expect, it } from "vitest";
import { cacheTokens } from "../../../gateway/authenticate/token-cache.js";
import type { Principal } from "../../../schema/claims.js";
import { BureauError } from "../../../schema/errors.js";

const START = Date.parse("2026-03-01T00:00:00Z");

function cache(lifeMs: number) {
  const world = { wallMs: 0, monotonicMs: 0, asked: 0, refuses: false };
  const clock = { now: () => new Date(START + world.wallMs), monotonicMs: () => world.monotonicMs };
  const identify = cacheTokens(async (token) => {
    world.asked += 1;
    if (world.refuses) throw new BureauError("TOKEN_INVALID");
    return { id: token, expiresAt: new Date(START + lifeMs) } as Principal;
  }, clock);
  const pass = (ms: number): void => {
    world.wallMs += ms;
    world.monotonicMs += ms;
  };
  return { world, identify, pass };
}

describe("the cache of verified tokens", () => {
  it("verifies a token once in 60 s, and each token for itself", async () => {
    const { world, identify, pass } = cache(3_600_000);
    expect((await identify("a")).id).toBe("a");
    pass(59_999);
    expect((await identify("a")).id).toBe("a");
    expect(world.asked).toBe(1);
    expect((await identify("b")).id).toBe("b");
    expect(world.asked).toBe(2);
    pass(1);
    await identify("a");
    expect(world.asked).toBe(3);
  });

  it("forgets a token with its expiry", async () => {
    const { world, identify, pass } = cache(10_000);
    await identify("a");
    pass(9_999);
    await identify("a");
    expect(world.asked).toBe(1);
    pass(1);
    await identify("a");
    expect(world.asked).toBe(2);
  });

  it("is not fooled by a wall clock that is set back", async () => {
    const { world, identify, pass } = cache(3_600_000);
    await identify("a");
    pass(60_000);
    world.wallMs = -3_600_000;
    await identify("a");
    expect(world.asked).toBe(2);
  });

  it("never remembers a refusal", async () => {
    const { world, identify } = cache(3_600_000);
    world.refuses = true;
    await expect(identify("a")).rejects.toMatchObject({ code: "TOKEN_INVALID" });
    world.refuses = false;
    expect((await identify("a")).id).toBe("a");
    world.refuses = true;
    expect((await identify("a")).id).toBe("a");
    expect(world.asked).toBe(2);
  });

  it("holds 10,000 and drops what was used longest ago", async () => {
    const { world, identify } = cache(3_600_000);
    for (let index = 0; index <= 10_000; index += 1) await identify(`t${index}`);
    await identify("t10000");
    expect(world.asked).toBe(10_001);
    await identify("t0");
    expect(world.asked).toBe(10_002);
  });
});

import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { ALICE, publishTwoMerchants } from "../support/actors.js";
import { startTestBureau, type TestBureau } from "../support/bureau.js";
import { DOOR, DOOR_PATH } from "../support/doors.js";

let bureau: TestBureau;

beforeAll(async () => {
  bureau = await startTestBureau();
  await publishTwoMerchants(bureau);
});
afterAll(async () => bureau.close());

it("the attacks go in by the door that their project is named for, and what is not valid by the general one", async ({
  task,
}) => {
  expect(DOOR).toBe(task.file.projectName === "attack-lean" ? "lean" : "general");
  const inject = vi.spyOn(bureau.gateway.app, "inject");
  const token = await bureau.token({ party: "merchant", id: ALICE });
  expect((await bureau.graphql(token, "{ me { id } }")).data).toEqual({ me: { id: ALICE } });
  expect((await bureau.graphql(token, "{ nope }")).status).toBe(400);
  const urls = (inject.mock.calls as unknown as readonly [{ readonly url: string }][]).map(
    ([{ url }]) => url,
  );
  expect(urls).toEqual([DOOR_PATH, "/graphql"]);
});

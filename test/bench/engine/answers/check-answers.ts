import { createProofSigner } from "../../../../foundation/tokens.js";
import type { Running } from "../contenders/contender.js";
import { profileVariables } from "../workload/profile-query.js";
import { differences, hashAnswer } from "./hash-answer.js";

/** Answers by merchant, as the reference gave them. */
export type Answers = ReadonlyMap<string, { readonly data: unknown; readonly text: string }>;

/** Asks one server about some merchants. @throws Error when an answer is no JSON */
export async function readAnswers(server: Running, merchants: readonly string[]): Promise<Answers> {
  const answers = new Map<string, { readonly data: unknown; readonly text: string }>();
  for (const merchant of merchants) {
    const text = await askOnce(server, merchant);
    const { data, errors } = JSON.parse(text) as { readonly data?: unknown; readonly errors?: unknown };
    if (errors !== undefined) throw new Error(`an answer with errors: ${text.slice(0, 600)}`);
    answers.set(merchant, { data, text });
  }
  return answers;
}

/** What is wrong with a server's answers; nothing where their data is the reference's, whatever the order of fields. */
export function wrongWith(answers: Answers, reference: Answers): string | undefined {
  for (const [merchant, { data }] of answers) {
    const right = reference.get(merchant)?.data;
    if (hashAnswer(data) === hashAnswer(right)) continue;
    return `merchant ${merchant}: ${differences(data, right).join("; ")}`;
  }
  return undefined;
}

/** One hash for all answers. */
export function hashAnswers(answers: Answers): string {
  return hashAnswer([...answers].map(([merchant, { data }]) => [merchant, data]));
}

async function askOnce(server: Running, merchant: string): Promise<string> {
  const token = server.tokens[0];
  const body = server.body(profileVariables(merchant));
  const { proofKey } = server;
  if (token === undefined || proofKey === undefined) {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return (await post(server, authorization, body)).text();
  }
  const sign = await createProofSigner(proofKey);
  const url = server.origin + server.path;
  const attempt = async (nonce?: string): Promise<Response> => {
    const dpop = await sign({ method: "POST", url, accessToken: token, nonce, now: new Date() });
    return post(server, { authorization: `DPoP ${token}`, dpop }, body);
  };
  const first = await attempt();
  const nonce = first.headers.get("dpop-nonce");
  const answer = first.status === 401 && nonce !== null ? await attempt(nonce) : first;
  return answer.text();
}

function post(server: Running, headers: Record<string, string>, body: string): Promise<Response> {
  return fetch(server.origin + server.path, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json", accept: "application/json" },
    body,
  });
}

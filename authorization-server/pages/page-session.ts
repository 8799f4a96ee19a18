import type { IncomingMessage, ServerResponse } from "node:http";
import type Provider from "oidc-provider";

const SESSION_SECONDS = 3_600;
/** As for a consent in an authorization request: whoever answers has typed the password lately. */
const FRESH_SECONDS = 600;

/** A browser's session on our own pages: the same as in the authorization requests. */
export interface PageSession {
  readonly uid: string;
  readonly isNew: boolean;
  readonly accountId: string | undefined;
  readonly isFresh: boolean;
  /** Signs a person in under a new session id, so that nobody can have known it before. */
  signIn(accountId: string): Promise<void>;
  end(): Promise<void>;
}

/** The session that a request's cookie names; a new one, not kept yet, where it names none. */
export async function openSession(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<PageSession> {
  const ctx = provider.createContext(request, response);
  const cookie = {
    httpOnly: true,
    sameSite: "lax",
    signed: true,
    path: new URL(provider.issuer).pathname,
  } as const;
  const name = provider.cookieName("session");
  const session = await provider.Session.get(ctx as unknown as Parameters<typeof provider.Session.get>[0]);
  return {
    uid: session.uid,
    isNew: session.accountId === undefined,
    accountId: session.accountId,
    isFresh: session.accountId !== undefined && !session.past(FRESH_SECONDS),
    signIn: async (accountId) => {
      session.resetIdentifier();
      session.loginAccount({ accountId, amr: ["pwd"] });
      await session.save(SESSION_SECONDS);
      ctx.cookies.set(name, session.jti, cookie);
    },
    end: async () => {
      await session.destroy();
      ctx.cookies.set(name, null, cookie);
      session.resetIdentifier();
      session.authorizations = {};
    },
  };
}

import { createServer } from "node:http";
import { type AddressInfo, Socket } from "node:net";
import { vi } from "vitest";

/** A real server on 127.0.0.1 that counts who comes. */
export interface Listener {
  readonly url: string;
  /** Paths of the requests that arrived. */
  readonly requests: string[];
  /** What it answers with, from the next request on; `undefined` leaves the caller waiting. */
  answer: { status: number; body: string; headers?: Record<string, string> } | undefined;
  close(): Promise<void>;
}

export async function openListener(body = "{}"): Promise<Listener> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(String(request.url));
    if (listener.answer === undefined) return;
    const { status, body: text, headers } = listener.answer;
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const listener: Listener = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: { status: 200, body },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return listener;
}

/** Sees every socket that this process opens. */
export interface SocketSpy {
  /** `host:port`, or the path of a Unix socket. */
  readonly targets: string[];
  restore(): void;
}

export function spyOnSockets(): SocketSpy {
  const targets: string[] = [];
  const original = Object.getOwnPropertyDescriptor(Socket.prototype, "connect")?.value as (
    this: Socket,
    ...parameters: unknown[]
  ) => Socket;
  const watched = function (this: Socket, ...parameters: unknown[]): Socket {
    targets.push(targetOf(parameters));
    return original.apply(this, parameters);
  };
  const spy = vi.spyOn(Socket.prototype, "connect").mockImplementation(watched as never);
  return { targets, restore: () => spy.mockRestore() };
}

/** `connect` is called with options, with port and host, with a path, or with a list of one of these. */
function targetOf(parameters: readonly unknown[]): string {
  const [first, second] = parameters.flat() as unknown[];
  if (typeof first === "object" && first !== null) {
    const { host, port, path } = first as Record<string, unknown>;
    return typeof path === "string" ? path : `${String(host)}:${String(port)}`;
  }
  return typeof first === "number" ? `${String(second)}:${first}` : String(first);
}

import type { FastifyInstance, FastifyRequest } from "fastify";

const REQUEST_TIMEOUT = "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/**
 * Ends a connection whose request has begun and does not arrive whole in time (RFC 9110 section 15.5.9), however steadily
 * it drips. For doors whose requests are small; feeds have a pace of their own.
 */
export function limitArrival(app: FastifyInstance, timeoutMs: number): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();
  app.addHook("onRequest", async (request) => {
    const { raw } = request;
    const timer = setTimeout(() => {
      raw.socket.write(REQUEST_TIMEOUT);
      raw.socket.destroySoon();
    }, timeoutMs);
    timers.set(request, timer);
    const stop = (): void => clearTimeout(timer);
    raw.once("end", stop).once("close", stop);
  });
  // Whoever has an answer already is not waited for.
  app.addHook("onResponse", async (request) => clearTimeout(timers.get(request)));
}

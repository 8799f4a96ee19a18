import type { FastifyInstance } from "fastify";

/**
 * Ends a connection whose request has begun and does not arrive whole in time (RFC 9110 section 15.5.9), however steadily
 * it drips. For doors whose requests are small; feeds have a pace of their own.
 */
export function limitArrival(app: FastifyInstance, timeoutMs: number): void {
  app.addHook("onRequest", async ({ raw }) => {
    const end = (): void => {
      raw.socket.write("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      raw.socket.destroySoon();
    };
    const timer = setTimeout(end, timeoutMs);
    const stop = (): void => clearTimeout(timer);
    raw.once("end", stop).once("close", stop);
  });
}

/**
 * Runs a child of the benchmark: it takes one order, starts what it orders and answers with the addresses. It ends with
 * whoever started it.
 */
export function serveOrder<Order>(start: (order: Order) => Promise<object>): void {
  process.once("disconnect", () => process.exit(0));
  process.once("SIGTERM", () => process.exit(0));
  process.once("message", (order) => {
    start(order as Order).then(
      (ready) => process.send?.(ready),
      (error: unknown) => {
        process.stderr.write(`${(error as Error).stack}\n`);
        process.exit(1);
      },
    );
  });
}

import { FEED_KINDS, isFeedKind } from "../../schema/feeds/kinds.js";
import {
  onePath,
  parseFlags,
  PUBLISH_FLAGS,
  PUBLISH_FLAGS_HELP,
  readPublishSettings,
} from "./command-options.js";
import { describeCounts, describeRejections, describeTotals } from "./describe-totals.js";
import { createProgress } from "./progress.js";
import { publishLines } from "./publish-records.js";
import { openLines } from "./read-lines.js";
import { EXIT, type Terminal, UsageError } from "./terminal.js";

const HELP = `Publishes a file of feed records to a running gateway.

usage: npm run publish-feed -- --kind KIND FILE [flags]

FILE is NDJSON, one JSON object a line, plain or gzip'd. A run that broke off is resumed by running it again.

  --kind KIND          ${FEED_KINDS.join(", ")}
${PUBLISH_FLAGS_HELP}

exit code: 0 all records landed, 2 some were rejected, 1 the run failed, 130 interrupted
`;

/** The command `publish-feed`. */
export async function publishFile(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseFlags(args, { ...PUBLISH_FLAGS, kind: { type: "string" } } as const);
  if (values.help) {
    terminal.stdout.write(HELP);
    return EXIT.done;
  }
  const { kind } = values;
  if (kind === undefined) throw new UsageError(`--kind is missing: one of ${FEED_KINDS.join(", ")}`);
  if (!isFeedKind(kind))
    throw new UsageError(`there is no feed of kind ${kind}: one of ${FEED_KINDS.join(", ")}`);
  const path = onePath(positionals, "FILE");
  const settings = await readPublishSettings(values, terminal, "file");
  const file = await openLines(path);
  const progress = createProgress(terminal, kind, file.bytes);
  try {
    const totals = await publishLines({
      ...settings,
      kind,
      lines: file.lines,
      signal: terminal.signal,
      onProgress: (soFar) => progress.update(file.consumed(), describeCounts(soFar)),
      onRetry: ({ waitMs, error }) =>
        progress.update(file.consumed(), `${error.message}; again in ${waitMs} ms`),
    });
    progress.stop();
    terminal.stdout.write(
      `${[describeTotals(kind, totals), ...describeRejections(path, totals)].join("\n")}\n`,
    );
    return totals.rejected > 0 ? EXIT.rejected : EXIT.done;
  } finally {
    progress.stop();
  }
}

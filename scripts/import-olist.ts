import { runCommand } from "./feed-client/terminal.js";
import { importOlist } from "./import/olist/import-command.js";

await runCommand(importOlist, process.env["XINQIAO_TOKEN"]);

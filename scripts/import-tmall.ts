import { runCommand } from "./feed-client/terminal.js";
import { importTmall } from "./import/tmall/import-command.js";

await runCommand(importTmall, process.env["XINQIAO_TOKEN"]);

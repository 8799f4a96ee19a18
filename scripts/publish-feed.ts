import { publishFile } from "./feed-client/publish-file.js";
import { runCommand } from "./feed-client/terminal.js";

await runCommand(publishFile, process.env["XINQIAO_TOKEN"]);

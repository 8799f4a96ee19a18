import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../../foundation/embedded-postgres.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Address of the `postgres` database of the server that all tests share. */
    adminConnectionString: string;
  }
}

/** Starts one PostgreSQL server for the whole run, in a temporary folder, and takes both away afterwards. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "xinqiao-test-"));
  const server = await startEmbeddedPostgres({
    dataDirectory: folder,
    noSync: true,
    flags: ["-c", "max_connections=300", "-c", "shared_buffers=64MB"],
  });
  project.provide("adminConnectionString", server.connectionString("postgres"));
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

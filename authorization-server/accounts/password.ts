import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { BureauError } from "../../schema/errors.js";

/** Work of one password (scrypt, RFC 7914): 32 MiB and three passes, as strong as the usual 128 MiB and one. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const KEY_BYTES = 32;
const MEMORY_BYTES_MAX = 64 * 1024 * 1024;
/** More passwords at once than this would take the machine from everybody else. */
const AT_ONCE_MAX = 2;
const WAITING_MAX = 50;

export const PASSWORD_CHARACTERS = { min: 12, max: 128 } as const;
const FORM = /^scrypt\$(\d{1,10})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9_-]{22,})\$([A-Za-z0-9_-]{43})$/;

let running = 0;
const waiting: (() => void)[] = [];

/** `scrypt$N$r$p$salt$key`. @throws BAD_USER_INPUT when the password is too short or too long */
export async function hashPassword(password: string): Promise<string> {
  const characters = [...password].length;
  if (characters < PASSWORD_CHARACTERS.min || characters > PASSWORD_CHARACTERS.max) {
    throw new BureauError(
      "BAD_USER_INPUT",
      `a password has ${PASSWORD_CHARACTERS.min} to ${PASSWORD_CHARACTERS.max} characters`,
    );
  }
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

/**
 * True when the password belongs to the hash. Without a hash it works as long and is false, so that time does not tell
 * who has an account. @throws SERVICE_UNAVAILABLE when too many passwords are being checked at once
 */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = "", expected = ""] = FORM.exec(hash ?? "") ?? [];
  const cost = N === undefined ? COST : { N: Number(N), r: Number(r), p: Number(p) };
  const text = password.slice(0, PASSWORD_CHARACTERS.max * 2);
  const key = await derive(text, Buffer.from(salt === "" ? "no account has this" : salt, "base64url"), cost);
  return expected !== "" && timingSafeEqual(key, Buffer.from(expected, "base64url"));
}

async function derive(
  password: string,
  salt: Buffer,
  cost: { readonly N: number; readonly r: number; readonly p: number },
): Promise<Buffer> {
  await enter();
  try {
    return await new Promise((resolve, reject) => {
      // NFKC: the same password typed on two keyboards is the same password.
      const text = password.normalize("NFKC");
      scrypt(text, salt, KEY_BYTES, { ...cost, maxmem: MEMORY_BYTES_MAX }, (error, key) =>
        error === null ? resolve(key) : reject(error),
      );
    });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

async function enter(): Promise<void> {
  if (running < AT_ONCE_MAX) {
    running += 1;
    return;
  }
  if (waiting.length >= WAITING_MAX)
    throw new BureauError("SERVICE_UNAVAILABLE", "too many passwords are being checked");
  await new Promise<void>((resolve) => waiting.push(resolve));
}

/** A short Weierstrass curve y^2 = x^3 - 3x + b over a prime field (NIST SP 800-186 section 3.2.1); its cofactor is 1. */
interface Weierstrass {
  readonly bytes: number;
  readonly p: bigint;
  readonly b: bigint;
}

const WEIERSTRASS: ReadonlyMap<string, Weierstrass> = new Map([
  [
    "P-256",
    {
      bytes: 32,
      p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
      b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    },
  ],
  [
    "P-384",
    {
      bytes: 48,
      p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
      b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    },
  ],
]);

/**
 * What is wrong with a point of P-256 or P-384, or `undefined`. Coordinates have exactly the length of the field
 * (RFC 7518 section 6.2.1), are below its prime, and satisfy the curve's equation.
 */
export function lintPoint(curve: string, x: Uint8Array, y: Uint8Array): string | undefined {
  const parameters = WEIERSTRASS.get(curve);
  if (parameters === undefined) return "a curve that is not served";
  const { bytes, p, b } = parameters;
  if (x.length !== bytes || y.length !== bytes) return "a coordinate of the wrong length";
  const [px, py] = [bigEndian(x), bigEndian(y)];
  if (px >= p || py >= p) return "a coordinate outside the field";
  return (py * py - (px * px * px - 3n * px + b)) % p === 0n ? undefined : "a point that is not on the curve";
}

/** Curve 25519 in Edwards form (RFC 8032 section 5.1): -x^2 + y^2 = 1 + d x^2 y^2. */
const P25519 = 2n ** 255n - 19n;
const D25519 =
  37_095_705_934_669_439_343_138_083_508_754_565_189_542_113_879_843_219_016_388_785_533_085_940_283_555n;
/** Of the eight points whose order divides 8, two and two and two share their y. Their multiples are few: anyone can sign. */
const Y8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([0n, 1n, P25519 - 1n, Y8, P25519 - Y8]);

/** What is wrong with an Ed25519 public key, or `undefined`: 32 bytes, canonical, on the curve, not of small order. */
export function lintEd25519(x: Uint8Array): string | undefined {
  if (x.length !== 32) return "a key of the wrong length";
  const y = bigEndian(Uint8Array.from(x).reverse()) & ((1n << 255n) - 1n);
  if (y >= P25519) return "a coordinate outside the field";
  if (SMALL_ORDER_Y.has(y)) return "a point of small order";
  const [u, v] = [modulo(y * y - 1n), modulo(D25519 * y * y + 1n)];
  // x^2 = u / v; by Euler's criterion u v is a square exactly when u / v is.
  const isSquare = power(modulo(u * v), (P25519 - 1n) / 2n) === 1n;
  return isSquare ? undefined : "a point that is not on the curve";
}

function modulo(value: bigint): bigint {
  const rest = value % P25519;
  return rest < 0n ? rest + P25519 : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = modulo(result * square);
    square = modulo(square * square);
  }
  return result;
}

function bigEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

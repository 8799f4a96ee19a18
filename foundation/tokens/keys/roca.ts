/**
 * Small odd primes of the modulus of "The Return of Coppersmith's Attack" (Nemec and others, CCS 2017, CVE-2017-15361).
 * Where 65537 generates all residues, a prime tells nothing; 17 of these do not.
 */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
  109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
] as const;
const GENERATOR = 65_537;

/** For each prime, the residues that powers of 65537 can have. */
const POWERS: readonly (readonly [prime: bigint, residues: ReadonlySet<bigint>])[] = PRIMES.map((prime) => {
  const residues = new Set<bigint>();
  for (let power = 1; !residues.has(BigInt(power)); power = (power * GENERATOR) % prime)
    residues.add(BigInt(power));
  return [BigInt(prime), residues];
});

/**
 * True when an RSA modulus has a discrete logarithm to the base 65537 modulo each small prime: the mark of keys whose primes
 * were made by a flawed chip library, and which can be factored. An honest modulus has it once in about 2^27.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return POWERS.every(([prime, residues]) => residues.has(modulus % prime));
}

/** True when a prime of at most 167 divides the modulus: no honest key, and no work to factor. */
export function hasSmallFactor(modulus: bigint): boolean {
  return modulus % 2n === 0n || PRIMES.some((prime) => modulus % BigInt(prime) === 0n);
}

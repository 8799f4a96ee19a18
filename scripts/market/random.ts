/**
 * A seeded stream of pseudo-random numbers: xoshiro128** (Blackman and Vigna) over 32-bit integers, its state filled by
 * splitmix32 from the keys. The same keys give the same stream on every machine. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Streams with different keys are independent for our purposes; keys are 32-bit integers. */
  constructor(...keys: readonly number[]) {
    let state = 0x9e3779b9;
    for (const key of keys) state = splitmix((state ^ (key | 0)) | 0);
    this.#a = splitmix(state + 0x9e3779b9);
    this.#b = splitmix(state + 0x3c6ef372);
    this.#c = splitmix(state + 0xdaa66d2b);
    this.#d = splitmix(state + 0x78dde6e4) | 1;
  }

  /** An integer of 32 bits, 0 to 2^32 - 1. */
  next(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** In [0, 1). */
  unit(): number {
    return this.next() / 0x1_0000_0000;
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  /** An integer in [0, below). */
  below(below: number): number {
    return Math.floor(this.unit() * below);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  /** One of the choices, by weight; weights are positive. */
  weighted<T extends { readonly weight: number }>(choices: readonly [T, ...T[]]): T {
    let left = this.unit() * choices.reduce((sum, { weight }) => sum + weight, 0);
    for (const choice of choices) {
      left -= choice.weight;
      if (left < 0) return choice;
    }
    return choices[0];
  }

  /** Standard normal (Box-Muller, one of the pair). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.unit()));
    return radius * Math.cos(2 * Math.PI * this.unit());
  }

  /** Log-normal with the given median. */
  logNormal(median: number, sigma: number): number {
    return median * Math.exp(sigma * this.normal());
  }

  /** Poisson; above 30 the normal approximation. */
  poisson(mean: number): number {
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.unit(); product > limit; product *= this.unit()) count += 1;
    return count;
  }
}

function splitmix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) | 0;
}

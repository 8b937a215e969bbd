import type { Random } from "@tsops/core";

/** Draws of mean 0 and variance 1 that follow each other with this autocorrelation. */
export function persistent(random: Random, phi: number): () => number {
  let level = random.normal();
  const innovation = Math.sqrt(1 - phi * phi);
  return () => {
    level = phi * level + innovation * random.normal();
    return level;
  };
}

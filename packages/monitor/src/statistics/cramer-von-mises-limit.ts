/**
 * P(W <= x) of the limit of the Cramér-von Mises statistic.
 * Source: S. Csörgő, J. J. Faraway (1996), "The exact and asymptotic distributions of Cramér-von Mises statistics", JRSS B 58, eq. 1.3.
 */
export function cramerVonMisesLimit(x: number): number {
  // Below, it is less than 1e-17.
  if (!(x >= 0.003)) return 0;
  let sum = 0;
  // Gamma(k + 1/2) / (Gamma(1/2) k!)
  let weight = 1;
  for (let k = 0; ; k++) {
    const q = (4 * k + 1) ** 2 / (16 * x);
    const term = weight * Math.sqrt(4 * k + 1) * Math.exp(-2 * q) * scaledBesselK(q);
    sum += term;
    if (term <= sum * 1e-17) return Math.min(1, sum / (Math.PI * Math.sqrt(x)));
    weight *= (k + 0.5) / (k + 1);
  }
}

/**
 * e^q K(q) of the modified Bessel function of the second kind of order 1/4: the integral over t > 0 of exp(-q (cosh t - 1)) cosh(t / 4)
 * (DLMF 10.32.9) by the trapezoidal rule, whose error shrinks like exp(-pi^2 / step).
 */
function scaledBesselK(q: number): number {
  const step = 1 / 8;
  let sum = 0.5;
  for (let i = 1; ; i++) {
    const t = i * step;
    // cosh t - 1 = 2 sinh^2(t / 2), which loses no digits.
    const term = Math.exp(-2 * q * Math.sinh(t / 2) ** 2) * Math.cosh(t / 4);
    sum += term;
    if (term <= sum * 1e-17) return step * sum;
  }
}

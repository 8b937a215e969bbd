/** Squares of the type-II cosine transforms of lowest frequency: each estimates the long-run variance on its own. */
export function squaredTransforms(centred: Float64Array, transforms: number): Float64Array {
  const n = centred.length;
  return Float64Array.from({ length: transforms }, (_, j) => {
    let transform = 0;
    for (let i = 0; i < n; i++)
      transform += (centred[i] as number) * Math.cos((Math.PI * (j + 1) * (i + 0.5)) / n);
    return (2 / n) * transform * transform;
  });
}

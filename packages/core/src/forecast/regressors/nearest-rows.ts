/** Points with numeric coordinates first and codes after them, row-major. */
export interface Points {
  readonly rows: number;
  readonly numbers: number;
  readonly codes: number;
  readonly values: Float64Array<ArrayBuffer>;
}

/** Rows near a point, the nearest first. */
export interface Neighbours {
  readonly rows: Int32Array;
  /** Squared distances. */
  readonly distances: Float64Array;
}

/** What two different codes are apart, squared: as much as two random values of a column of variance 1 are on average. */
const differentCodes = 2;
const leafRows = 32;

/** A node of the tree: rows from `start` to `end` of the order, and the box around them. */
interface Node {
  readonly start: number;
  readonly end: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly children: readonly [Node, Node] | null;
}

/**
 * Prepares to find the `count` rows nearest to a point: squared Euclidean distance over the numbers, plus 2 for each code that differs. Of rows equally
 * far the later ones are taken.
 *
 * A k-d tree (Bentley 1975, "Multidimensional binary search trees used for associative searching") whose nodes know the box around their rows, halved in the middle of
 * the coordinate of the widest spread. Exact: no rounded bound of a box is larger than the rounded distance of a row within. O(rows log(rows)) to prepare.
 */
export function nearestRows(points: Points, count: number): (point: Float64Array) => Neighbours {
  const width = points.numbers + points.codes;
  const { order, root } = growTree(points);
  // In the order of the tree, so that a leaf is one piece of memory.
  const values = new Float64Array(points.values.length);
  order.forEach((row, i) => {
    values.set(points.values.subarray(row * width, (row + 1) * width), i * width);
  });
  const wanted = Math.min(count, points.rows);

  return (point) => {
    const rows = new Int32Array(wanted);
    const distances = new Float64Array(wanted);
    let found = 0;
    let worst = Infinity;
    const offer = (row: number, distance: number): void => {
      if (found === wanted && (distance > worst || (distance === worst && row < (rows[found - 1] as number))))
        return;
      let place = found < wanted ? found++ : found - 1;
      for (; place > 0; place--) {
        const before = distances[place - 1] as number;
        if (before < distance || (before === distance && (rows[place - 1] as number) > row)) break;
        distances[place] = before;
        rows[place] = rows[place - 1] as number;
      }
      distances[place] = distance;
      rows[place] = row;
      if (found === wanted) worst = distances[wanted - 1] as number;
    };
    const visit = (node: Node, bound: number): void => {
      if (bound > worst) return;
      if (node.children === null) {
        for (let i = node.start; i < node.end; i++) {
          let place = i * width;
          let distance = 0;
          for (let c = 0; c < points.numbers && distance <= worst; c++) {
            const apart = (point[c] as number) - (values[place++] as number);
            distance += apart * apart;
          }
          if (distance > worst) continue;
          for (let c = points.numbers; c < width; c++)
            if (point[c] !== values[place++]) distance += differentCodes;
          if (distance <= worst) offer(order[i] as number, distance);
        }
        return;
      }
      const [left, right] = node.children;
      const [toLeft, toRight] = [boxDistance(points, left, point), boxDistance(points, right, point)];
      if (toLeft <= toRight) {
        visit(left, toLeft);
        visit(right, toRight);
      } else {
        visit(right, toRight);
        visit(left, toLeft);
      }
    };
    visit(root, 0);
    return { rows, distances };
  };
}

/** What any point of a box is away from a point, at least; summed in the order in which distances are. */
function boxDistance({ numbers, codes }: Points, { low, high }: Node, point: Float64Array): number {
  let distance = 0;
  for (let c = 0; c < numbers; c++) {
    const value = point[c] as number;
    const apart =
      value < (low[c] as number)
        ? (low[c] as number) - value
        : value > (high[c] as number)
          ? value - (high[c] as number)
          : 0;
    distance += apart * apart;
  }
  for (let c = numbers; c < numbers + codes; c++) {
    const value = point[c] as number;
    if (value < (low[c] as number) || value > (high[c] as number)) distance += differentCodes;
  }
  return distance;
}

function growTree({ rows, numbers, codes, values }: Points): { order: Int32Array; root: Node } {
  const width = numbers + codes;
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  const grow = (start: number, end: number): Node => {
    const low = new Float64Array(width).fill(Infinity);
    const high = new Float64Array(width).fill(-Infinity);
    for (let i = start; i < end; i++)
      for (let c = 0, place = (order[i] as number) * width; c < width; c++, place++) {
        const value = values[place] as number;
        if (value < (low[c] as number)) low[c] = value;
        if (value > (high[c] as number)) high[c] = value;
      }
    let widest = 0;
    let along = -1;
    for (let c = 0; c < width; c++) {
      const range = (high[c] as number) - (low[c] as number);
      const spread = c < numbers || range === 0 ? range : Math.SQRT2;
      if (spread <= widest) continue;
      widest = spread;
      along = c;
    }
    // Equal rows cannot be told apart.
    if (end - start <= leafRows || along < 0) return { start, end, low, high, children: null };
    const middle = (start + end) >> 1;
    order.subarray(start, end).sort((a, b) => values[a * width + along]! - values[b * width + along]!);
    return { start, end, low, high, children: [grow(start, middle), grow(middle, end)] };
  };
  return { order, root: grow(0, rows) };
}

const maxLength = 100;

/**
 * The candidate that `word` was most likely meant to be, or undefined when none is near: one slip of the finger (a
 * letter left out, added or replaced, or two neighbours swapped) for every three letters, at most three in all. Case,
 * and `-` for `_`, count for less than a letter.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > maxLength) return undefined;
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate === word || candidate.length > maxLength) continue;
    const slips = distance(fold(word), fold(candidate));
    const longest = Math.max(word.length, candidate.length);
    if (slips > Math.min(3, Math.max(1, Math.floor(longest / 3))) || slips >= longest / 2 + 0.5) continue;
    const exact = slips + distance(word, candidate) / maxLength;
    if (exact >= least) continue;
    best = candidate;
    least = exact;
  }
  return best;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}

/** Edits that turn `a` into `b`, a swap of neighbours being one (optimal string alignment). */
function distance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? at(beforePrevious, j - 2) + 1 : replaced;
      current.push(Math.min(replaced, swapped, at(previous, j) + 1, at(current, j - 1) + 1));
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}

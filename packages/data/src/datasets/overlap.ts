/** Events as numbers, oldest first. */
type Sequence = readonly number[];

/** The distinct sequences that are not a prefix of another one, in lexicographic order. */
export function withoutPrefixes(sequences: readonly Sequence[]): Sequence[] {
  const sorted = [...sequences].sort(compare);
  // Sequences that begin with a given one directly follow it.
  return sorted.filter((sequence, s) => !sequence.every((event, t) => sorted[s + 1]?.[t] === event));
}

/**
 * Groups sequences that share `run` consecutive events, directly or through other sequences, and returns the longest of each
 * group (the first of equally long ones). Keeps their order. O(events).
 */
export function longestOfLinked(sequences: readonly Sequence[], run: number): Sequence[] {
  const groupOf = groups(sequences, run);
  const longest = new Map<number, number>();
  groupOf.forEach((group, s) => {
    const best = longest.get(group);
    if (best === undefined || sequences[s]!.length > sequences[best]!.length) longest.set(group, s);
  });
  return sequences.filter((_, s) => longest.get(groupOf[s]!) === s);
}

/** The group of each sequence, by union-find over shared runs. */
function groups(sequences: readonly Sequence[], run: number): number[] {
  const parent = sequences.map((_, s) => s);
  const root = (s: number): number => {
    while (parent[s] !== s) {
      parent[s] = parent[parent[s]!]!;
      s = parent[s]!;
    }
    return s;
  };
  const holder = new Map<string, number>();
  sequences.forEach((sequence, s) => {
    for (let from = 0; from + run <= sequence.length; from++) {
      const events = sequence.slice(from, from + run).join(' ');
      const other = holder.get(events);
      if (other === undefined) holder.set(events, s);
      else parent[root(s)] = root(other);
    }
  });
  return parent.map((_, s) => root(s));
}

function compare(a: Sequence, b: Sequence): number {
  const differs = a.findIndex((event, t) => event !== b[t]);
  return differs < 0 || differs >= b.length ? a.length - b.length : a[differs]! - b[differs]!;
}

/** Packs `[depth, length]` into strips of `width` columns: `[length / width, depth, width]`, as the tile kernel reads them. */
export function pack(
  target: Float32Array,
  width: number,
  depth: number,
  length: number,
  value: (p: number, i: number) => number,
): void {
  let to = 0;
  for (let strip = 0; strip < length; strip += width) {
    for (let p = 0; p < depth; p++) for (let i = strip; i < strip + width; i++) target[to++] = value(p, i);
  }
}

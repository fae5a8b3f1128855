import { LeaError, nearest } from '@lea/core';

/** Raw value -> kind; `null` drops the events with a value. */
export type Kinds = Readonly<Record<string, string | null>>;

/**
 * The kind of a raw value, `null` if its events are dropped. A missing value stays as it is: the check of the cells refuses it.
 *
 * @param where describes the cell in errors
 * @throws LeaError `E_KIND_UNKNOWN`
 */
export function kindOf(
  text: string,
  kinds: Kinds,
  isMissing: (text: string) => boolean,
  where: () => string,
): string | null {
  if (Object.hasOwn(kinds, text)) return kinds[text]!;
  if (isMissing(text)) return text;
  const near = nearest(text, Object.keys(kinds));
  throw new LeaError('E_KIND_UNKNOWN', `${where()}: unknown kind of event.`, {
    value: text,
    hint: `${near ? `Did you mean "${near}"? ` : ''}Add the kind to the option "kinds"; null drops its events.`,
  });
}

/** A note about events that are dropped. */
export function droppedNotes(source: string, count: number, kinds: Kinds = {}): string[] {
  const dropped = Object.keys(kinds).filter((value) => kinds[value] === null);
  return count === 0
    ? []
    : [
        `${source}: ${count} events are dropped, as "kinds" says (${dropped.map((value) => value || '""').join(', ')}).`,
      ];
}

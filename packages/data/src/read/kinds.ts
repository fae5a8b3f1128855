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
  if (count === 0) return [];
  const events = count === 1 ? '1 event is' : `${count} events are`;
  return [`${source}: ${events} dropped, as "kinds" says (${droppedKinds(kinds)}).`];
}

/** The error for a source whose events are all dropped. */
export function allDropped(source: string, count: number, kinds: Kinds = {}): LeaError {
  const message = `${source}: all events are dropped, as "kinds" says (${droppedKinds(kinds)}).`;
  return new LeaError('E_DATA_EMPTY', message, { value: count, hint: 'Give a kind to some of them.' });
}

function droppedKinds(kinds: Kinds): string {
  const dropped = Object.keys(kinds).filter((value) => kinds[value] === null);
  return dropped.map((value) => value || '""').join(', ');
}

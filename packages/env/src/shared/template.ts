import { LeaError, nearest } from '@lea/core';

const SLOTS = ['history', 'action'] as const;
type Slot = (typeof SLOTS)[number];

/** Fills the slots of a template that was checked. */
export type Template = (values: Readonly<Record<Slot, string>>) => string;

/**
 * Reads a prompt template. A slot is a word in braces; `{history}` and `{action}` must both occur, and no other may.
 * Braces around anything but one word, as in JSON, are text.
 *
 * @throws LeaError `E_TEMPLATE` naming what is missing or unknown
 */
export function parseTemplate(text: string): Template {
  const parts = templateParts(text);
  return (values) => parts.map((part, i) => (i % 2 === 1 ? values[part as Slot] : part)).join('');
}

/**
 * The texts of a template and, between them, the names of its slots.
 *
 * @throws LeaError `E_TEMPLATE` naming what is missing or unknown
 */
export function templateParts(text: string): string[] {
  const parts = text.split(/\{(\w+)\}/);
  const found = parts.filter((_, i) => i % 2 === 1);
  const unknown = found.find((name) => !SLOTS.includes(name as Slot));
  if (unknown !== undefined) {
    const near = nearest(unknown, SLOTS);
    throw new LeaError('E_TEMPLATE', 'The template has a slot that nobody fills.', {
      value: `{${unknown}}`,
      hint: near ? `Did you mean {${near}}?` : 'The slots are {history} and {action}.',
    });
  }
  const missing = SLOTS.filter((name) => !found.includes(name)).map((name) => `{${name}}`);
  if (missing.length > 0) {
    throw new LeaError('E_TEMPLATE', `The template lacks ${missing.join(' and ')}.`, {
      value: text,
      hint: 'Write, for instance: The user has played {history}. Would the user enjoy {action}?',
    });
  }
  return parts;
}

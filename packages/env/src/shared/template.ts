import { LeaError, nearest } from '@lea/core';

const SLOTS = ['history', 'action'] as const;
type Slot = (typeof SLOTS)[number];

/** Fills the placeholders of a valid template. */
export type Template = (values: Readonly<Record<Slot, string>>) => string;

/**
 * Parses a prompt template. A placeholder is a word in braces; `{history}` and `{action}` are required, others are not
 * allowed. Braces around anything but a single word, as in JSON, are ordinary text.
 *
 * @throws LeaError `E_TEMPLATE` (names the missing or unknown placeholder)
 */
export function parseTemplate(text: string): Template {
  const parts = templateParts(text);
  return (values) => parts.map((part, i) => (i % 2 === 1 ? values[part as Slot] : part)).join('');
}

/**
 * Splits a template into its texts and, between them, the names of its placeholders.
 *
 * @throws LeaError `E_TEMPLATE` (names the missing or unknown placeholder)
 */
export function templateParts(text: string): string[] {
  const parts = text.split(/\{(\w+)\}/);
  const found = parts.filter((_, i) => i % 2 === 1);
  const unknown = found.find((name) => !SLOTS.includes(name as Slot));
  if (unknown !== undefined) {
    const near = nearest(unknown, SLOTS);
    throw new LeaError('E_TEMPLATE', 'The template contains an unknown placeholder.', {
      value: `{${unknown}}`,
      hint: near ? `Did you mean {${near}}?` : 'The placeholders are {history} and {action}.',
    });
  }
  const missing = SLOTS.filter((name) => !found.includes(name)).map((name) => `{${name}}`);
  if (missing.length > 0) {
    throw new LeaError('E_TEMPLATE', `The template must contain ${missing.join(' and ')}.`, {
      value: text,
      hint: 'For example: The user has played {history}. Would the user enjoy {action}?',
    });
  }
  return parts;
}

import { LeaError, nearest } from '@lea/core';

const HISTORY_AND_ACTION: readonly string[] = ['history', 'action'];

/** Fills the placeholders of a valid template. */
export type Template = (values: Readonly<Record<string, string>>) => string;

/**
 * Parses a prompt template. A placeholder is a word in braces; all `placeholders` are required, others are not allowed.
 * Braces around anything but a single word, as in JSON, are ordinary text.
 *
 * @throws LeaError `E_TEMPLATE` (names the missing or unknown placeholder)
 */
export function parseTemplate(text: string, placeholders: readonly string[] = HISTORY_AND_ACTION): Template {
  const parts = templateParts(text, placeholders);
  return (values) => parts.map((part, i) => (i % 2 === 1 ? values[part]! : part)).join('');
}

/**
 * Splits a template into its texts and, between them, the names of its placeholders.
 *
 * @throws LeaError `E_TEMPLATE` (names the missing or unknown placeholder)
 */
export function templateParts(text: string, placeholders: readonly string[] = HISTORY_AND_ACTION): string[] {
  const parts = text.split(/\{(\w+)\}/);
  const found = parts.filter((_, i) => i % 2 === 1);
  const unknown = found.find((name) => !placeholders.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, placeholders);
    throw new LeaError('E_TEMPLATE', 'The template contains an unknown placeholder.', {
      value: `{${unknown}}`,
      hint: near ? `Did you mean {${near}}?` : `The placeholders are ${listed(placeholders)}.`,
    });
  }
  const missing = placeholders.filter((name) => !found.includes(name));
  if (missing.length > 0) {
    throw new LeaError('E_TEMPLATE', `The template must contain ${listed(missing)}.`, {
      value: text,
      hint: `The placeholders are ${listed(placeholders)}.`,
    });
  }
  return parts;
}

function listed(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(' and ');
}

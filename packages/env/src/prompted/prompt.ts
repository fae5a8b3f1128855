import { LeaError } from '@lea/core';
import { parseTemplate } from '../shared/template.ts';
import { textIn, withoutThoughts } from './answer.ts';
import { quotedText } from './item-text.ts';

/** A message of the chat completions API. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Maximum characters of an invalid answer to show to the model. */
const SHOWN = 1000;

/**
 * Repeats the question after an invalid answer, with the sentence that asks for the form. Chat formats require alternating
 * roles and non-empty messages.
 */
export function againAfter(question: readonly Message[], answer: unknown, format: string): Message[] {
  const said = withoutThoughts(textIn(answer) ?? '').trim();
  return [
    ...question,
    { role: 'assistant', content: said.slice(0, SHOWN).toWellFormed() || '(nothing)' },
    { role: 'user', content: `That was not an answer in the form asked for. ${format}` },
  ];
}

/** Moves the system message into the question, for models that do not accept system messages. */
export function inOneMessage(messages: readonly Message[]): readonly Message[] {
  const [system, question, ...rest] = messages;
  if (system?.role !== 'system') return messages;
  return [{ role: 'user', content: `${system.content}\n\n${question!.content}` }, ...rest];
}

/** Options of {@link promptWriter}. */
export interface PromptOptions {
  readonly texts: readonly string[];
  readonly template: string;
  /** Placeholders of the template: the history, then the actions. */
  readonly placeholders: readonly string[];
  readonly system: string;
  readonly textLength: number;
}

/**
 * Writes the question about actions after a history (item indices, oldest first; the index `items` is padding, which
 * windows of empty histories may contain).
 *
 * @throws LeaError `E_ITEM_RANGE`
 */
export type PromptWriter = (history: ArrayLike<number>, actions: readonly number[]) => Message[];

/** Creates a prompt writer. @throws LeaError `E_TEMPLATE` */
export function promptWriter({ texts, template, placeholders, system, textLength }: PromptOptions): PromptWriter {
  const fill = parseTemplate(template, placeholders);
  const shown = texts.map((text) => quotedText(text, textLength));
  const textOf = (item: number): string[] => {
    const text = shown[item];
    if (text !== undefined) return [text];
    if (item === texts.length) return [];
    throw new LeaError('E_ITEM_RANGE', `Items of a history must be in 0..${texts.length - 1}.`, { value: item });
  };
  return (history, actions) => {
    const past = Array.from(history, textOf).flat().join(', ') || '(nothing yet)';
    const values = [past, ...actions.map((action) => shown[action]!)];
    const question: Message = {
      role: 'user',
      content: fill(Object.fromEntries(placeholders.map((name, i) => [name, values[i]!]))),
    };
    return system.trim() ? [{ role: 'system', content: system }, question] : [question];
  };
}

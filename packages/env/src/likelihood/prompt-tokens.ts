import { type Tokenizer, tokensOf } from '../language-model/tokenizer.ts';
import { newestItems } from '../shared/newest-items.ts';
import { type LikelihoodOptions, likelihoodTemplate } from './options.ts';

/** Text between solved examples. */
const BETWEEN_EXAMPLES = '\n\n';

/** Writes prompts as token ids. */
export interface PromptTokens {
  /** The beginning of every prompt: the start token, the examples, and the template up to the history. */
  readonly prefix: readonly number[];
  /** A history (item indices, oldest first), and the template up to the action. */
  history(items: ArrayLike<number>): number[];
  /** An action. */
  action(item: number): readonly number[];
}

/**
 * Creates a writer of prompts. A prompt is encoded piece by piece, so that its beginning has the same ids whatever follows.
 * Spaces at the end of a piece belong to the next one, as in the tokens of running text.
 *
 * @throws LeaError `E_TEMPLATE`
 */
export function promptTokens(texts: readonly string[], o: LikelihoodOptions, tokenizer: Tokenizer): PromptTokens {
  const { before, between } = likelihoodTemplate(o.template);
  const piece = (text: string): { ids: number[]; spaces: string } => {
    const end = text.search(/ *$/);
    return { ids: end === 0 ? [] : tokenizer.encode(text.slice(0, end)), spaces: text.slice(end) };
  };
  const pieces = { first: piece(before), later: piece(o.separator), action: piece(between) };
  const known = new Map<string, readonly number[]>();
  const item = (index: number, place: keyof typeof pieces): readonly number[] => {
    const { spaces } = pieces[place];
    const name = `${spaces.length} ${index}`;
    let ids = known.get(name);
    if (!ids) {
      const text = `${spaces}${texts[index]!.replace(/\s+/g, ' ').trim()}`;
      ids = tokensOf(text, tokenizer, o.maxTokens);
      known.set(name, ids);
    }
    return ids;
  };
  const history = (items: ArrayLike<number>): number[] => [
    ...Array.from(items).flatMap((index, i) =>
      i === 0 ? item(index, 'first') : [...pieces.later.ids, ...item(index, 'later')],
    ),
    ...pieces.action.ids,
  ];
  const action = (index: number): readonly number[] => item(index, 'action');
  const { windows, actions } = o.examples ?? { windows: undefined, actions: [] };
  const prefix = [
    tokenizer.start,
    ...Array.from(actions, (index, row) => [
      ...pieces.first.ids,
      ...history(newestItems(windows!, row, o.window)),
      ...action(index),
      ...tokenizer.encode(BETWEEN_EXAMPLES),
    ]).flat(),
    ...pieces.first.ids,
  ];
  return { prefix, history, action };
}

import { interactionsOf, sequences, type Transitions, transitions } from '@lea/data';

/** Small logged data for tests: each user's sequence of item indices, as the rows of all events. */
export function rowsOf(users: readonly (readonly number[])[], items: number): Transitions {
  const events = users.flatMap((sequence, user) =>
    sequence.map((item) => ({ user: `u${1000 + user}`, item: `${item}` })),
  );
  return transitions(
    sequences(
      interactionsOf(
        { user: events.map((e) => e.user), item: events.map((e) => e.item) },
        { ids: Array.from({ length: items }, (_, i) => `${i}`) },
      ),
    ),
  );
}

/** The rows of the users that satisfy `keep`, over the same sequences. */
export function usersOf(all: Transitions, keep: (user: number) => boolean): Transitions {
  return transitions(all.sequences, (_, sequence) => keep(sequence));
}

/** The content of a `tokenizer.json`: `<unk>`, `<s>`, `</s>`, the printable ASCII characters but the last few, and more tokens up to `size`. */
export function letterTokenizer(size = 92): object {
  const letters = Array.from({ length: 89 }, (_, i) => String.fromCharCode(32 + i));
  const more = Array.from({ length: Math.max(0, size - 92) }, (_, i) => `token ${i}`);
  const tokens = ['<unk>', '<s>', '</s>', ...letters, ...more];
  return {
    version: '1.0',
    added_tokens: tokens.slice(0, 3).map((content, id) => ({ id, content, special: true, normalized: false })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [],
    },
  };
}

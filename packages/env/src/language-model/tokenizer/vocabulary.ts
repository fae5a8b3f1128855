import type { AddedToken } from './added-tokens.ts';
import type { Refuse } from './parts.ts';

/** An entry of `added_tokens`. */
export interface ListedToken extends AddedToken {
  /** Stands for no text. */
  readonly special?: boolean;
  /** Looked for in what the normalizer gives (default: unless it is special). */
  readonly normalized?: boolean;
}

export interface Vocabulary {
  /** The `model` of the file, with its `type`. */
  readonly model: Readonly<Record<string, unknown>>;
  readonly added: readonly ListedToken[];
  /** The token of a text that has none. */
  readonly unknown: string | undefined;
}

/** No vocabulary is larger: lists of its tokens are as long as its largest id. */
const MOST_TOKENS = 10_000_000;

/**
 * The vocabulary of a tokenizer.json, checked as the reference does that it is written for: Hugging Face's `tokenizers`.
 *
 * @throws what `throw` makes
 */
export function vocabularyOf(json: object, refuse: Refuse): Vocabulary {
  const { model, added_tokens } = json as { model?: unknown; added_tokens?: unknown };
  if (!isRecord(model)) throw refuse('The tokenizer has no model', model);
  const type = typeOf(model, refuse);
  const ids = type === 'Unigram' ? piecesOf(model.vocab, refuse) : idsOf(model.vocab, refuse);
  const added = addedOf(added_tokens ?? [], ids, refuse);
  if (type === 'BPE') checkMerges(model, ids, refuse);
  const unknown = type === 'Unigram' ? undefined : (model.unk_token ?? undefined);
  if (unknown !== undefined && !(typeof unknown === 'string' && ids.has(unknown))) {
    throw refuse('The token for the unknown is not in the vocabulary', unknown);
  }
  const { unk_id } = model;
  if (type === 'Unigram' && unk_id !== null && unk_id !== undefined && !(isId(unk_id) && unk_id < ids.size)) {
    throw refuse('The token for the unknown is not in the vocabulary', unk_id);
  }
  return { model: { ...model, type }, added, unknown };
}

/** One more than the largest id. */
export function sizeOf({ model }: Vocabulary, added: readonly ListedToken[]): number {
  const { vocab } = model as { vocab: object };
  let size = Array.isArray(vocab) ? vocab.length : 0;
  if (!Array.isArray(vocab)) for (const id of Object.values(vocab)) size = Math.max(size, id + 1);
  for (const { id } of added) size = Math.max(size, id + 1);
  return size;
}

/** The text of the token with an id; undefined where there is none. */
export function tokenOf(json: object, id: number): string | undefined {
  const { model, added_tokens = [] } = json as {
    model: { vocab: Record<string, number> | [string, number][] };
    added_tokens?: ListedToken[];
  };
  const { vocab } = model;
  const listed = added_tokens.find((token) => token.id === id)?.content;
  if (listed !== undefined || Array.isArray(vocab)) return listed ?? (vocab as [string, number][])[id]?.[0];
  return Object.keys(vocab).find((token) => vocab[token] === id);
}

const TYPES = ['BPE', 'Unigram', 'WordPiece', 'WordLevel'];

/** Older files do not name it. */
function typeOf(model: Record<string, unknown>, refuse: Refuse): string {
  const { type } = model;
  if (typeof type === 'string' && TYPES.includes(type)) return type;
  if (type !== undefined) throw refuse(`The model is not supported; supported are ${TYPES.join(', ')}`, type);
  if (Array.isArray(model.vocab)) return 'Unigram';
  if ('merges' in model) return 'BPE';
  return 'continuing_subword_prefix' in model ? 'WordPiece' : 'WordLevel';
}

function idsOf(vocab: unknown, refuse: Refuse): ReadonlyMap<string, number> {
  if (!isRecord(vocab)) throw refuse('The model has no vocabulary', vocab);
  const ids = new Map<string, number>();
  const tokens = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab)) {
    if (!isId(id)) throw refuse(`The id of the token ${JSON.stringify(token)} is none`, id);
    if (tokens.has(id)) throw refuse(`Two tokens have the same id, ${id}`, [tokens.get(id), token]);
    ids.set(token, id);
    tokens.set(id, token);
  }
  return ids;
}

/** Of a Unigram model: pieces with their scores, numbered by their order. */
function piecesOf(vocab: unknown, refuse: Refuse): ReadonlyMap<string, number> {
  if (!Array.isArray(vocab)) throw refuse('The model has no vocabulary', vocab);
  if (vocab.length > MOST_TOKENS) throw refuse('The vocabulary is too large', vocab.length);
  const bad = vocab.find(
    (piece) => !(Array.isArray(piece) && typeof piece[0] === 'string' && Number.isFinite(piece[1])),
  );
  if (bad !== undefined) throw refuse('A piece of the vocabulary must be a text with its score', bad);
  return new Map(vocab.map(([piece], id) => [piece as string, id]));
}

/** The reference numbers added tokens itself, whatever ids the file has: where the two differ, neither is sure to be meant. */
function addedOf(given: unknown, ids: ReadonlyMap<string, number>, refuse: Refuse): ListedToken[] {
  if (!Array.isArray(given)) throw refuse('The added tokens are no list', given);
  const known = new Map(ids);
  let last = -1;
  for (const token of given as unknown[]) {
    if (!isRecord(token) || typeof token.content !== 'string' || !isId(token.id)) {
      throw refuse('An added token must have a content and an id', token);
    }
    const { content, id } = token;
    if (content === '') continue;
    const expected = known.get(content) ?? Math.max(last + 1, ids.size);
    if (id !== expected) throw refuse(`The id of the added token ${JSON.stringify(content)} must be ${expected}`, id);
    known.set(content, id);
    last = Math.max(last, id);
  }
  return given as ListedToken[];
}

function checkMerges({ merges }: Record<string, unknown>, ids: ReadonlyMap<string, number>, refuse: Refuse): void {
  if (!Array.isArray(merges)) throw refuse('The merges are no list', merges);
  for (const merge of merges as unknown[]) {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((part) => typeof part === 'string')) {
      throw refuse('A merge must be of two pieces', merge);
    }
    const missing = [...parts, parts.join('')].find((piece) => !ids.has(piece));
    if (missing !== undefined)
      throw refuse(`A merge names a piece that is not in the vocabulary, ${JSON.stringify(missing)}`, merge);
  }
}

const isId = (id: unknown): id is number =>
  Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < MOST_TOKENS;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

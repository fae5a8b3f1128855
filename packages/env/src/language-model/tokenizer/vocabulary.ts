import type { AddedToken } from './added-tokens.ts';
import type { Refuse } from './parts.ts';

/** An entry of `added_tokens`. */
export interface ListedToken extends AddedToken {
  /** Whether it is a control token, which never matches text. */
  readonly special?: boolean;
  /** Whether to search for it in the normalized text (default: true unless it is special). */
  readonly normalized?: boolean;
}

/** The vocabulary of a tokenizer.json. */
export interface Vocabulary {
  /** The `model` of the file, with its `type`. */
  readonly model: Readonly<Record<string, unknown>>;
  /** The `added_tokens` of the file. */
  readonly added: readonly ListedToken[];
  /** The token for text that the vocabulary does not cover. */
  readonly unknown: string | undefined;
}

/** Maximum vocabulary size, because token lists are as long as the largest id. */
const MOST_TOKENS = 10_000_000;

/**
 * Reads the vocabulary of a tokenizer.json with the checks of the reference, Hugging Face's `tokenizers`.
 *
 * @throws the error created by `refuse`
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
    throw refuse('The unknown token is not in the vocabulary', unknown);
  }
  const { unk_id } = model;
  if (type === 'Unigram' && unk_id !== null && unk_id !== undefined && !(isId(unk_id) && unk_id < ids.size)) {
    throw refuse('The unknown token is not in the vocabulary', unk_id);
  }
  return { model: { ...model, type }, added, unknown };
}

/** The largest id plus one. */
export function sizeOf({ model }: Vocabulary, added: readonly ListedToken[]): number {
  const { vocab } = model as { vocab: object };
  let size = Array.isArray(vocab) ? vocab.length : 0;
  if (!Array.isArray(vocab)) for (const id of Object.values(vocab)) size = Math.max(size, id + 1);
  for (const { id } of added) size = Math.max(size, id + 1);
  return size;
}

/** The text of the token with this id; undefined if there is none. */
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

/** The model type; inferred for older files, which do not name it. */
function typeOf(model: Record<string, unknown>, refuse: Refuse): string {
  const { type } = model;
  if (typeof type === 'string' && TYPES.includes(type)) return type;
  if (type !== undefined) throw refuse(`The model is not supported (supported: ${TYPES.join(', ')})`, type);
  if (Array.isArray(model.vocab)) return 'Unigram';
  if ('merges' in model) return 'BPE';
  return 'continuing_subword_prefix' in model ? 'WordPiece' : 'WordLevel';
}

function idsOf(vocab: unknown, refuse: Refuse): ReadonlyMap<string, number> {
  if (!isRecord(vocab)) throw refuse('The model has no vocabulary', vocab);
  const ids = new Map<string, number>();
  const tokens = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab)) {
    if (!isId(id)) throw refuse(`The id of the token ${JSON.stringify(token)} is not valid`, id);
    if (tokens.has(id)) throw refuse(`Two tokens have the same id, ${id}`, [tokens.get(id), token]);
    ids.set(token, id);
    tokens.set(id, token);
  }
  return ids;
}

/** Ids of the pieces of a Unigram model, which are numbered in order. */
function piecesOf(vocab: unknown, refuse: Refuse): ReadonlyMap<string, number> {
  if (!Array.isArray(vocab)) throw refuse('The model has no vocabulary', vocab);
  if (vocab.length > MOST_TOKENS) throw refuse('The vocabulary is too large', vocab.length);
  const bad = vocab.find(
    (piece) => !(Array.isArray(piece) && typeof piece[0] === 'string' && Number.isFinite(piece[1])),
  );
  if (bad !== undefined) throw refuse('A piece of the vocabulary must be a string with a score', bad);
  return new Map(vocab.map(([piece], id) => [piece as string, id]));
}

/** The reference ignores the ids of the file and numbers added tokens itself. If the two differ, the file is rejected. */
function addedOf(given: unknown, ids: ReadonlyMap<string, number>, refuse: Refuse): ListedToken[] {
  if (!Array.isArray(given)) throw refuse('The added tokens must be an array', given);
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
  if (!Array.isArray(merges)) throw refuse('The merges must be an array', merges);
  for (const merge of merges as unknown[]) {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    if (!Array.isArray(parts) || parts.length !== 2 || !parts.every((part) => typeof part === 'string')) {
      throw refuse('A merge must consist of two pieces', merge);
    }
    const missing = [...parts, parts.join('')].find((piece) => !ids.has(piece));
    if (missing !== undefined)
      throw refuse(`A merge contains a piece that is not in the vocabulary, ${JSON.stringify(missing)}`, merge);
  }
}

const isId = (id: unknown): id is number =>
  Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < MOST_TOKENS;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

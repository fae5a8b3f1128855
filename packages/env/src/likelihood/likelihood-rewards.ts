import { checkArrays, type Given, LeaError, type Resource, resource, type Task, task } from '@lea/core';
import { checkActions, checkWindows, type RewardModel, type Windows } from '@lea/data';
import { checkTexts } from '../language-model/check-texts.ts';
import type { LanguageModel } from '../language-model/language-model.ts';
import { checkLanguageModels } from '../shared/arguments.ts';
import type { EnvironmentEvent } from '../shared/events.ts';
import { newestItems } from '../shared/newest-items.ts';
import { type LikelihoodOptions, likelihoodOptions } from './options.ts';
import { likelihoodPasses, type ReadTokens } from './passes.ts';
import { type PromptTokens, promptTokens } from './prompt-tokens.ts';

/** A pretrained language model as a reward model, without a fit. */
export interface LikelihoodRewards extends RewardModel, Resource {
  /**
   * Rewards of `actions` [size, A] after each history, [size * A]: log likelihoods in nats, as the options say.
   *
   * @throws LeaError `E_WINDOWS`, `E_ITEM_RANGE`, `E_OPTION_VALUE`, `E_DISPOSED`
   */
  rewards(windows: Windows, actions: Int32Array): Promise<Float32Array>;
  /** Like `rewards`, with a progress event after every pass of the language model, between which `signal` aborts. */
  rate(
    windows: Windows,
    actions: Int32Array,
    options?: {
      /** Aborts the rating. */
      readonly signal?: AbortSignal;
    },
  ): Task<Float32Array, EnvironmentEvent<'likelihoods'>>;
}

/** Some actions after one history, with their indices in the result. */
interface Group {
  /** Token ids after the prefix. */
  readonly history: readonly number[];
  readonly places: Map<number, number[]>;
}

/**
 * Creates a reward model from what a pretrained language model knows without a fit: the reward of an action is the log
 * likelihood of its text after the texts of the history, by default less that after an empty history (pointwise mutual
 * information; Holtzman et al. 2021, arXiv 2104.08315, call it PMI_DC). Each distinct history of a call is read once; its
 * keys and values serve all its actions.
 *
 * @param texts texts of all items by item index
 * @throws LeaError `E_ARGUMENT_TYPE`, `E_TEXT_EMPTY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (also if the model has too few
 *   positions), `E_TEMPLATE`, `E_WINDOWS`, `E_ITEM_RANGE`
 */
export function likelihoodRewards(
  languageModel: LanguageModel,
  texts: readonly string[],
  options?: Given<LikelihoodOptions>,
): LikelihoodRewards {
  checkLanguageModels('likelihoodRewards', { languageModel });
  checkArrays('likelihoodRewards', { texts });
  checkTexts(texts);
  const o = likelihoodOptions(options, texts.length);
  const prompt = promptTokens(texts, o, languageModel.tokenizer);
  checkLength(languageModel, prompt, o);
  const passes = likelihoodPasses(languageModel, o, o.maxTokens);
  // Of the prefix, the last token is read with each history: a text needs a last token to be continued.
  const [shared, last] = [prompt.prefix.slice(0, -1), prompt.prefix.at(-1)!];
  let prefix: Promise<ReadTokens> | undefined;
  /** Log likelihoods of items after an empty history, [items]; NaN where unknown. */
  const prior = new Float64Array(texts.length).fill(Number.NaN);

  /** The distinct pairs, by history. */
  const groupsOf = (windows: Windows, actions: Int32Array): Group[] => {
    const perRow = actions.length / windows.size;
    const groups = new Map<string, Group>();
    for (let row = 0; row < windows.size; row++) {
      const items = newestItems(windows, row, o.window);
      const name = items.join();
      const group = groups.get(name) ?? { history: prompt.history(items), places: new Map() };
      groups.set(name, group);
      for (let i = row * perRow; i < (row + 1) * perRow; i++) {
        const places = group.places.get(actions[i]!);
        if (places) places.push(i);
        else group.places.set(actions[i]!, [i]);
      }
    }
    return [...groups.values()];
  };

  async function* rating(
    windows: Windows,
    actions: Int32Array,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<EnvironmentEvent<'likelihoods'>, Float32Array> {
    checkWindows(windows, texts.length);
    checkActions(actions, windows.size, texts.length);
    const groups = groupsOf(windows, actions);
    const unknown = o.subtract === 'prior' ? [...new Set(actions)].filter((item) => Number.isNaN(prior[item])) : [];
    const total = groups.reduce((sum, { places }) => sum + places.size, unknown.length);
    let done = 0;
    const checkAborted = (): void => {
      for (const each of [o.signal, signal]) each?.throwIfAborted();
    };
    /** The likelihoods of items after a history, some per pass. */
    async function* likelihoods(
      history: readonly number[],
      items: readonly number[],
      each: (item: number, value: number) => void,
    ): AsyncGenerator<EnvironmentEvent<'likelihoods'>> {
      checkAborted();
      prefix ??= passes.read(shared);
      const text = [last, ...history];
      const read = text.length > 1 ? await passes.read(text.slice(0, -1), await prefix) : await prefix;
      for (const some of packed(items, prompt, passes.most)) {
        checkAborted();
        const continuations = some.map(prompt.action);
        const sums = await passes.continue(read, text.at(-1)!, continuations);
        some.forEach((item, i) => {
          each(item, o.normalization === 'mean' ? sums[i]! / continuations[i]!.length : sums[i]!);
        });
        done += some.length;
        yield { stage: 'likelihoods', done, total, unit: 'pairs' };
      }
    }

    yield* likelihoods(prompt.history([]), unknown, (item, value) => {
      prior[item] = value;
    });
    const rewards = new Float32Array(actions.length);
    for (const { history, places } of groups) {
      yield* likelihoods(history, [...places.keys()], (item, value) => {
        const reward = o.subtract === 'prior' ? value - prior[item]! : value;
        for (const at of places.get(item)!) rewards[at] = reward;
      });
    }
    return rewards;
  }

  return {
    name: 'likelihood',
    items: texts.length,
    window: o.window,
    rewards: async (windows, actions) => task(() => rating(windows, actions)),
    rate: (windows, actions, given) => task(() => rating(windows, actions, given)),
    ...resource(passes.dispose),
  };
}

/** Items in parts of at most `most` tokens. */
function packed(items: readonly number[], { action }: PromptTokens, most: number): number[][] {
  const parts: number[][] = [];
  let room = 0;
  for (const item of items) {
    const { length } = action(item);
    if (length > room) {
      parts.push([]);
      room = most;
    }
    parts.at(-1)!.push(item);
    room -= length;
  }
  return parts;
}

/** Refuses prompts that may be longer than the positions that a model knows. */
function checkLength(
  { config, tokenizer }: LanguageModel,
  { prefix, history }: PromptTokens,
  o: LikelihoodOptions,
): void {
  const { maxPositions = Number.POSITIVE_INFINITY } = config;
  const separator = o.separator === '' ? 0 : tokenizer.encode(o.separator).length;
  const most = prefix.length + history([]).length + o.window * (o.maxTokens + separator) + o.maxTokens;
  if (most <= maxPositions) return;
  throw new LeaError('E_OPTION_VALUE', `likelihoodRewards: prompts may have ${most} tokens.`, {
    value: most,
    hint: `The model has ${maxPositions} positions. Lower window, maxTokens or the number of examples.`,
  });
}

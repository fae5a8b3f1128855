import { integers, key, normal } from '@lea/core';
import { type Transitions, transitions } from '@lea/data';
import type { FitEnvironmentOptions } from '@lea/env';
import { fitDefaults } from '@lea/env/measuring';
import { float32 } from '@lea/tensor';
import { randomModel } from './random-model.ts';
import { type EnvSettings, ITEMS, LORA, RATES } from './settings.ts';
import { shapes } from './shapes.ts';

const PROMPT = 'The user has chosen {history}. Would the user enjoy {action} as well?';

/** Window with which two histories fill a row: the inputs are a start token and all events except the last. */
export function windowOf({ length }: EnvSettings): number {
  return length / 2 - 1;
}

/**
 * Default options, except adapters of rank 8 on queries and values, and no dropout, because a peer cannot reproduce its masks.
 * Options that the peer implements are written out.
 */
export function fitOptions(settings: EnvSettings): FitEnvironmentOptions {
  const { shape, batch, length, threads, steps } = settings;
  const languageModel = randomModel(shapes[shape], length);
  const { width } = languageModel.config;
  return {
    ...fitDefaults,
    train: randomLog(2 * batch * steps, length / 2),
    tokens: float32(normal(key(2), ITEMS * width), [ITEMS, width]),
    itemInput: 'id+text',
    candidateInput: 'input',
    textMemoryWidth: 0,
    countFeatures: false,
    loss: 'softmax',
    negatives: 1,
    rewardHeads: 1,
    rewardLossWeight: 1,
    languageModel,
    prompt: settings.what === 'prompted annotation' ? PROMPT : undefined,
    adaptation: LORA,
    window: windowOf(settings),
    batch: batch * length,
    dropout: 0,
    lr: RATES.lora,
    threads,
  };
}

function randomLog(users: number, events: number): Transitions {
  const count = users * events;
  return transitions({
    userIds: Array.from({ length: users }, (_, user) => `${user}`),
    itemIds: Array.from({ length: ITEMS }, (_, item) => `${item}`),
    kinds: ['click'],
    offsets: Int32Array.from({ length: users + 1 }, (_, user) => user * events),
    items: integers(key(3), count, ITEMS),
    kind: new Uint8Array(count),
    time: new Float64Array(count),
  });
}

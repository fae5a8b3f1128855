import * as tf from '@tensorflow/tfjs-core';
import { paddingId } from '../encoders/items.ts';
import { appendEvent } from '../encoders/window.ts';
import type { AugmentedActions } from '../losses/augmented-actions.ts';
import { doubleQ } from '../losses/double-q.ts';
import type { Valuation } from '../losses/valuation.ts';
import type { Encoder, Histories, LossInput } from '../types.ts';
import { neededState } from './alignment.ts';
import type { CriticOptions } from './critic-options.ts';
import { historiesOf, neededTarget, nextHistoriesOf, passMode } from './parts.ts';

/** Values Q'(s, argmax Q(s, .)) of the states from which TD targets bootstrap, without gradient. */
export interface Bootstraps {
  /** [B] at the state after the logged action */
  readonly next: tf.Tensor;
  /** [B] at the state before it: used by negatives, and by augmented actions with `augmentedBootstrap: 'current'` */
  readonly current?: tf.Tensor;
  /** [B, M] at the state after each augmented action */
  readonly appended?: tf.Tensor;
}

/** Histories, and the environment's states at them if the critic reads them. */
interface Moment {
  readonly histories: Histories;
  readonly environment: tf.Tensor | undefined;
}

/** Computes all bootstrap values in one pass. */
export function bootstraps(
  input: LossInput,
  encoder: Encoder,
  options: CriticOptions,
  valuation: Valuation,
  actions: { readonly augmented: AugmentedActions | undefined; readonly negatives: tf.Tensor | undefined },
): Bootstraps {
  const moments = momentsOf(input, encoder, options, actions);
  const all = Object.values(moments);
  const joined = (parts: readonly tf.Tensor[]) => tf.concat([...parts], 0);
  const histories = {
    items: joined(all.map(({ histories }) => histories.items)),
    length: joined(all.map(({ histories }) => histories.length)),
  };
  const { batch, params } = input;
  const { bcqThreshold, criticState, targetDropout } = options;
  const values = doubleQ(
    encoder,
    { params, target: neededTarget(input) },
    histories,
    { select: passMode(input, 'select', targetDropout), value: passMode(input, 'value', targetDropout) },
    {
      candidates: batch.candidates,
      bcqThreshold,
      environment: criticState ? joined(all.map(({ environment }) => environment!)) : undefined,
    },
    valuation,
  );
  const each = tf.split(values, all.map(({ histories }) => histories.length.size)); // biome-ignore format: one line
  const { appended, ...rest } = Object.fromEntries(Object.keys(moments).map((name, i) => [name, each[i]!]));
  return {
    next: rest.next!,
    ...rest,
    ...(appended && { appended: tf.reshape(appended, actions.augmented!.actions.shape) }),
  };
}

function momentsOf(
  input: LossInput,
  encoder: Encoder,
  { augmentedBootstrap, criticState }: CriticOptions,
  { augmented, negatives }: { augmented: AugmentedActions | undefined; negatives: tf.Tensor | undefined },
): Record<string, Moment> {
  const now = historiesOf(input);
  const state = (name: Parameters<typeof neededState>[1]) => (criticState ? neededState(input.batch, name) : undefined);
  const moments: Record<string, Moment> = {
    next: { histories: nextHistoriesOf(input), environment: state('nextEnvironmentState') },
  };
  const stays = augmented && augmentedBootstrap === 'current';
  if (negatives || stays) moments.current = { histories: now, environment: state('environmentState') };
  if (augmented && !stays) {
    const histories = afterEach(now, augmented.actions, paddingId(encoder, input.params));
    // The environment did not annotate these histories: use zeros, as at the end of a user's log.
    const size = state('environmentState')?.shape[1];
    const unknown = size ? tf.zeros([histories.length.size, size]) : undefined;
    moments.appended = { histories, environment: unknown };
  }
  return moments;
}

/** The histories after each of a row's actions [B, M], row by row: [B * M, L]. */
function afterEach({ items, length }: Histories, actions: tf.Tensor2D, padId: number): Histories {
  const [rows, count] = actions.shape;
  const window = items.shape[1]!;
  const repeated = {
    items: tf.reshape(tf.tile(tf.expandDims(items, 1), [1, count, 1]), [rows * count, window]),
    length: tf.reshape(tf.tile(tf.expandDims(length, 1), [1, count]), [rows * count]),
  };
  return appendEvent(repeated, tf.reshape(actions, [rows * count]), padId);
}

import { type Agent, ce, type Memory, type Policy, sasrec } from '@lea/agents';
import type { Annotation, Scorer } from '@lea/data';
import type { Environment } from '@lea/env';
import type { TextVectors } from '@lea/eval';
import type { Value } from '@lea/tensor';
import { describe, expectTypeOf, it } from 'vitest';
import { fit, leaSignals, type Signals, type TrainOptions, type TrainResult } from './index.ts';

// Checked by the compiler (`npm run check`): packages that do not know one another must still fit together.
describe('types', () => {
  it('policies, memories and environments are scorers', () => {
    expectTypeOf<Policy>().toExtend<Scorer>();
    expectTypeOf<Memory>().toExtend<Scorer>();
    expectTypeOf<Environment>().toExtend<Scorer>();
  });

  it('a tensor value serves as text vectors', () => {
    expectTypeOf<Value>().toExtend<TextVectors>();
  });

  it('an annotation becomes signals, signals are trained on', () => {
    expectTypeOf(leaSignals).parameter(0).toEqualTypeOf<Annotation>();
    expectTypeOf(leaSignals).returns.toEqualTypeOf<Signals>();
    expectTypeOf<Signals>().toExtend<NonNullable<TrainOptions['signals']>>();
    expectTypeOf(fit).returns.resolves.toEqualTypeOf<TrainResult>();
  });

  it('an agent has its encoder among its options; misspelt options do not compile', () => {
    expectTypeOf(ce({ encoder: sasrec() })).toEqualTypeOf<Agent>();
    // @ts-expect-error the option is called dropout
    expectTypeOf(sasrec).toBeCallableWith({ dropuot: 0.1 });
  });
});

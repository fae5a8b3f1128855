import { agentTypes, encoderTypes } from '@lea/agents';
import { LeaError } from '@lea/core';
import { expect, test } from 'vitest';
import { pairsOf } from './pairs.ts';

const shared = { width: 8, dropout: 0.5 };

test('names, all and JSON multiply out', () => {
  const named = pairsOf('ce, sqn', 'gru4rec,sasrec', shared).map(({ agent, encoder }) => [agent.type, encoder.type]);
  expect(named).toEqual([
    ['ce', 'gru4rec'],
    ['ce', 'sasrec'],
    ['sqn', 'gru4rec'],
    ['sqn', 'sasrec'],
  ]);
  expect(pairsOf('all', 'all', shared)).toHaveLength(agentTypes().length * encoderTypes().length);
  const [pair] = pairsOf('{"type":"sqn","gamma":0.9}', '[{"type":"sasrec","dropout":0.1}]', shared);
  expect(pair!.config()).toMatchObject({ gamma: 0.9, encoder: { width: 8, dropout: 0.1 } });
});

test('every built-in pair has a configuration', () => {
  for (const pair of pairsOf('all', 'all', { width: 8, dropout: 0.5, unheardOf: 1 })) {
    expect(pair.config().encoder).not.toHaveProperty('unheardOf');
  }
});

test.each(['{"type":', '{"gamma":1}', '[]', '[1]'])('refuses %s', (text) => {
  expect(() => pairsOf(text, 'sasrec', shared)).toThrow(/names, all, or JSON with a type for --agent/);
});

test('an unknown type fails when its pair is measured, not before', () => {
  const [wrong, right] = pairsOf('sqm,sqn', 'sasrec', shared);
  expect(() => wrong!.config()).toThrow(LeaError);
  expect(right!.config().type).toBe('sqn');
});

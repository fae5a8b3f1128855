import { type Group, someAlone } from './groups.ts';

/** What stands behind the name of a model: ` ↑`, ` ∅`, both or nothing. */
export function marksOf({ rising, memoryAlone }: Pick<Group, 'rising' | 'memoryAlone'>): string {
  return `${rising ? ' ↑' : ''}${memoryAlone > 0 ? ' ∅' : ''}`;
}

/** What the marks mean, for those that occur. */
export function markNotes(groups: readonly Group[]): string[] {
  const alone = groups.filter(({ memoryAlone }) => memoryAlone > 0);
  return [
    ...(groups.some(({ rising }) => rising)
      ? ['↑ Training stopped at maxSteps while validation was still improving. More steps may give better results.']
      : []),
    ...(alone.length > 0
      ? [
          '∅ Validation chose weight 0 for the network, which leaves the memory alone: ' +
            `${alone.map((group) => `${group.name}${someAlone(group)}`).join(', ')}.`,
        ]
      : []),
  ];
}

import { LeaError } from '@lea/core';

/** A text template such as `{title}. {category}. {brand}.` */
export interface Template {
  /** The distinct names in braces. */
  names: string[];
  fill(values: Readonly<Record<string, string>>): string;
}

/**
 * Parses a template. A name without a value is removed together with the words before it and the brackets after it:
 * `{title} by {brand}. {category}.` without brand gives `Tent. Camping.`
 *
 * @throws LeaError `E_TEMPLATE_BAD`
 */
export function parseTemplate(template: string): Template {
  const pieces = template.split(/\{([^{}]+)\}/);
  if (pieces.length < 3 || pieces.some((piece, i) => i % 2 === 0 && /[{}]/.test(piece))) {
    throw new LeaError('E_TEMPLATE_BAD', 'template must contain column names in single braces.', {
      value: template,
      hint: 'For example, use "{title}. {category}. {brand}."',
    });
  }
  const parts = pieces.flatMap((name, i) => {
    if (i % 2 === 0) return [];
    const before = pieces[i - 1]!;
    const after = punctuation(pieces[i + 1]!);
    const isLast = i + 2 >= pieces.length;
    return [
      {
        name,
        before: i === 1 ? before : before.slice(punctuation(before).length),
        after: isLast ? pieces[i + 1]! : after,
      },
    ];
  });
  return {
    names: [...new Set(parts.map((part) => part.name))],
    fill(values) {
      let text = '';
      for (const { name, before, after } of parts) {
        const value = values[name]?.trim();
        if (value) text += before + value + (/[.!?]$/.test(value) ? after.replace(/^\./, '') : after);
        // Keep the final punctuation of a sentence whose last part is dropped.
        else if (/[^\s.,;:!?]$/.test(text)) text += punctuation(after).replace(/[)\]]/g, '');
      }
      return text.trim().replace(/[\s,;:]+$/, '');
    },
  };
}

function punctuation(text: string): string {
  return /^[.,;:!?)\]]*/.exec(text)![0];
}

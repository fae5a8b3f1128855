import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownRenderer } from 'vitepress';
import { linkOf } from './pages.ts';

/** Colors of the theme, so that diagrams follow it from light to dark. */
const colors = {
  bg: 'var(--vp-c-bg)',
  fg: 'var(--vp-c-text-1)',
  muted: 'var(--vp-c-text-2)',
  line: 'var(--vp-c-text-3)',
  accent: 'var(--vp-c-brand-1)',
  surface: 'var(--vp-c-bg-soft)',
  border: 'var(--vp-c-divider)',
};

/** ```mermaid blocks become pictures when the site is built: readers load no library. */
export function diagrams(md: MarkdownRenderer): void {
  const fence = md.renderer.rules.fence!;
  md.renderer.rules.fence = (tokens, at, ...rest) => {
    const { info, content } = tokens[at]!;
    if (info.trim() !== 'mermaid') return fence(tokens, at, ...rest);
    const svg = renderMermaidSVG(content, {
      ...colors,
      transparent: true,
      padding: 8,
      layerSpacing: 24,
    }).replace(/<style>.*?<\/style>/s, ''); // Vue drops it, and then counts the boxes wrongly: style.css has these rules
    return `<div class="diagram" v-pre>${svg}</div>\n`;
  };
}

/** Links are written for the repository: on the site they lead to pages, or to files on GitHub. */
export function links(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (href) token.attrSet('href', linkOf(href, env.realPath ?? env.path));
    }
  });
}

/** Marks the tables of options, whose last column is a sentence. */
export function optionTables(md: MarkdownRenderer): void {
  const table = md.renderer.rules.table_open!;
  md.renderer.rules.table_open = (tokens, at, ...rest) => {
    const open = table(tokens, at, ...rest);
    const [first, second] = tokens.slice(at).filter(({ type }) => type === 'inline');
    return first?.content === 'option' && second?.content === 'values'
      ? open.replace('<table', '<table class="options"')
      : open;
  };
}

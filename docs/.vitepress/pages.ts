// Which files of the repository are pages of the site, and where links between them lead.
import { existsSync, statSync } from 'node:fs';
import { posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));
export const repository = 'https://github.com/lea-rl/lea';

/** Markdown that is no page. */
export const noPages: string[] = ['.changeset/**', 'examples/**', 'runtimes/**', '*/*/CHANGELOG.md'];

const isPage = (path: string) => path.endsWith('.md') && !noPages.some((glob) => posix.matchesGlob(path, glob));

/** `docs/agents/README.md` -> `agents/index.md`, `packages/data/README.md` -> `packages/data.md`. */
export function pageOf(file: string): string {
  return file
    .replace(/^docs\//, '')
    .replace(/^packages\/(\w+)\/README\.md$/, 'packages/$1.md')
    .replace(/^packages\/env\/python\/README\.md$/, 'packages/env-python.md')
    .replace(/^apps\/bench\/README\.md$/, 'bench.md')
    .replace(/(^|\/)README\.md$/, '$1index.md')
    .toLowerCase();
}

/** Where a link in a file of the repository leads on the site: to a page, or to the file on GitHub. */
export function linkOf(href: string, file: string): string {
  if (/^[a-z]+:|^[#/]/i.test(href)) return href;
  const [path, fragment] = href.split('#') as [string, string?];
  const target = posix.join(posix.dirname(relative(root, file).replaceAll('\\', '/')), path);
  const hash = fragment === undefined ? '' : `#${fragment}`;
  if (!existsSync(root + target)) return href;
  if (isPage(target)) return `/${pageOf(target)}${hash}`;
  return `${repository}/${statSync(root + target).isDirectory() ? 'tree' : 'blob'}/main/${target.replace(/\/$/, '')}${hash}`;
}

/** The anchor of a heading, as GitHub makes it. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

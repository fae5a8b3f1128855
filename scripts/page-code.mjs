// Writes code of tested files into pages, below comments such as `<!-- code: ../examples/lea/main.ts#train -->`. A name after
// # is a region of the file. `npm run page-code`; with `-- --check` it only compares
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const languages = { '.ts': 'ts', '.json': 'json', '.py': 'python' };

/** The lines of a region without their common indentation, or the whole file. */
function codeOf(path, region) {
  const source = readFileSync(path, 'utf8');
  const marks = /^ *(?:\/\/|#) #?(?:end)?region .*\n/gm;
  if (!region) return source.replace(marks, '');
  const [, code] =
    new RegExp(`^ *(?://|#) #?region ${region}\n(.*?)^ *(?://|#) #?endregion ${region}$`, 'ms').exec(source) ?? [];
  if (code === undefined) throw new Error(`${path} has no region ${region}.`);
  const indentation = /^ */.exec(code)[0];
  return code.replace(marks, '').replace(new RegExp(`^${indentation}`, 'gm'), '');
}

const stale = [];
for (const page of globSync(['README.md', 'docs/*.md', 'docs/guide/*.md'], { cwd: root })) {
  const before = readFileSync(join(root, page), 'utf8');
  const filled = before.replace(
    /^(<!-- code: ([^#\s]+)(?:#(\S+))? -->)\n+(?:```\w+\n.*?^```\n+)?/gms,
    (_, comment, file, region) => {
      const code = codeOf(join(root, dirname(page), file), region);
      return `${comment}\n\n\`\`\`${languages[extname(file)]}\n${code.trimEnd()}\n\`\`\`\n\n`;
    },
  );
  const after = `${filled.trimEnd()}\n`;
  if (after === before) continue;
  stale.push(page);
  if (!process.argv.includes('--check')) writeFileSync(join(root, page), after);
}

if (process.argv.includes('--check') && stale.length > 0) {
  console.error(`The code in ${stale.join(', ')} is not that of its files. Run npm run page-code.`);
  process.exit(1);
}

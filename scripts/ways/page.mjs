// Runs pages of the documentation as programs, with their files and commands verbatim.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installable, root, run } from '../packed.mjs';

/** The code blocks of a page with a file name in brackets, by that name, and the lines of its commands. */
export function readPage(path) {
  const page = readFileSync(join(root, path), 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)(?: \[([^\]\n]+)\])?\n(.*?)^```$/gms)];
  const files = Object.fromEntries(blocks.flatMap(([, , name, code]) => (name ? [[name, code]] : [])));
  const commands = blocks.flatMap(([, language, , code]) => (language === 'sh' ? code.trim().split('\n') : []));
  return { page, files, commands };
}

/** A folder with the files of a page, for a user without settings. */
export function newcomer({ folder, home, packed }) {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const env = { ...inherited, HOME: home, USERPROFILE: home };
  return {
    folder,
    env,
    /** The same user in a folder beside this one. */
    beside(name) {
      const other = join(folder, '..', name);
      mkdirSync(other);
      return newcomer({ folder: other, home, packed });
    },
    write(files) {
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    },
    /** Runs a command as typed; packages of this repository come from their tarballs. */
    type(command) {
      const [program, verb, ...names] = command.replace(/\s+#.*$/, '').split(' ');
      if (program !== 'npm' || verb !== 'i') return run(command, [], { cwd: folder, env, shell: true });
      return run('npm', ['i', '--no-audit', '--no-fund', ...installable(names, packed)], { cwd: folder, env });
    },
    /** Starts a command that keeps running and waits for its address; `stop` ends it. */
    async serve(command, port) {
      const [program, ...args] = command.split(' ');
      const child = spawn(program, args, { cwd: folder, env: { ...env, PORT: port }, stdio: 'inherit' });
      const url = `http://localhost:${port}/`;
      for (let wait = 0; wait < 100 && child.exitCode === null; wait++) {
        if (await fetch(url).then(() => true, () => false)) break; // biome-ignore format: one line
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return {
        url,
        async stop() {
          if (child.exitCode === null && child.kill()) await once(child, 'exit');
        },
      };
    },
  };
}

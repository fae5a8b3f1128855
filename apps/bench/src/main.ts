#!/usr/bin/env node
import * as nodeModule from 'node:module';
import { stripVTControlCharacters } from 'node:util';
import { LeaError, nearest } from '@lea/core';
import { defineCommand, renderUsage, runCommand } from 'citty';
import { describeFailure } from './terminal/failure.ts';
import { invocation } from './terminal/typed.ts';

// Node keeps what it compiled of the thousand modules of a command: the next start takes half the time. Node 20 has none.
nodeModule.enableCompileCache?.();

const commands = {
  collect: () => import('./cli/commands/collect.ts').then((module) => module.default),
  returns: () => import('./cli/commands/returns.ts').then((module) => module.default),
  fidelity: () => import('./cli/commands/fidelity.ts').then((module) => module.default),
  plan: () => import('./cli/commands/plan.ts').then((module) => module.default),
  run: () => import('./cli/commands/run.ts').then((module) => module.default),
  search: () => import('./cli/commands/search.ts').then((module) => module.default),
  speed: () => import('./cli/commands/speed.ts').then((module) => module.default),
  'speed data': () => import('./cli/commands/speed-data.ts').then((module) => module.default),
  'speed env': () => import('./cli/commands/speed-env.ts').then((module) => module.default),
  'speed eval': () => import('./cli/commands/speed-eval.ts').then((module) => module.default),
  'speed fit': () => import('./cli/commands/speed-fit.ts').then((module) => module.default),
  'speed memory': () => import('./cli/commands/speed-memory.ts').then((module) => module.default),
  status: () => import('./cli/commands/status.ts').then((module) => module.default),
  tensorboard: () => import('./cli/commands/tensorboard.ts').then((module) => module.default),
  work: () => import('./cli/commands/work.ts').then((module) => module.default),
  worker: () => import('./cli/commands/worker.ts').then((module) => module.default),
};

const names = Object.keys(commands).sort();

/** Runs a command. Without a command it runs `run`, whose default is the preset quick. */
async function main(words: readonly string[]): Promise<void> {
  const [first = '-', second] = words;
  const bare = first.startsWith('-');
  const long = Object.hasOwn(commands, `${first} ${second}`);
  const name = bare ? 'run' : long ? `${first} ${second}` : first;
  const args = words.slice(bare ? 0 : long ? 2 : 1);
  if (!Object.hasOwn(commands, name)) throw unknownCommand(name);
  const command = await commands[name as keyof typeof commands]();
  if (args.includes('--help') || args.includes('-h')) {
    const parent = defineCommand({ meta: { name: invocation.join(' ') } });
    const usage = await renderUsage(command as never, parent);
    process.stdout.write(`${process.stdout.isTTY ? usage : stripVTControlCharacters(usage)}\n`);
    if (bare) process.stdout.write(`Commands: ${names.join(', ')}; use --help with any of them.\n`);
    return;
  }
  await runCommand(command as never, { rawArgs: args });
}

function unknownCommand(name: string): LeaError {
  const near = nearest(name, names);
  return new LeaError('E_COMMAND_UNKNOWN', 'Expected a known command.', {
    value: name,
    hint: near ? `Did you mean "${near}"?` : `The commands are: ${names.join(', ')}.`,
  });
}

// The reader of a pipe, such as head, may end first.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${describeFailure(error, Boolean(process.env.LEA_DEBUG))}\n`);
  process.exitCode = 1;
}

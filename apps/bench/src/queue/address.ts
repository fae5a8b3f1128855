import { LeaError } from '@lea/core';

/** Where Redis is. */
export interface Address {
  /** With its password: nobody but the client of Redis gets it. */
  readonly url: string;
  /** Without user, password and options, for messages. */
  readonly shown: string;
}

const EXAMPLE = 'For example, use redis://localhost:6379.';

/**
 * The address that `--queue` gives, else that of the environment variable LEA_QUEUE. Only the latter may hold a password,
 * because other users of a machine see the arguments of its processes.
 *
 * @throws LeaError `E_QUEUE_URL`, never with the address in it
 */
export function addressOf(flag: string | undefined, variable = process.env.LEA_QUEUE): Address | undefined {
  const text = flag ?? variable;
  if (text === undefined || text === '') return undefined;
  const name = flag === undefined ? 'LEA_QUEUE' : '--queue';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    throw new LeaError('E_QUEUE_URL', `Expected the URL of a Redis server in ${name}.`, { hint: EXAMPLE });
  }
  if (flag !== undefined && (url.username || url.password || url.search)) {
    throw new LeaError('E_QUEUE_URL', 'Expected a URL without user, password and options in --queue.', {
      hint: 'Other users of the machine see arguments. Set the environment variable LEA_QUEUE to the URL instead.',
    });
  }
  if (!/^\/?\d*$/.test(url.pathname)) {
    throw new LeaError('E_QUEUE_URL', `Expected the number of a database, or nothing, behind the port in ${name}.`, {
      hint: 'For example, use redis://localhost:6379/1.',
    });
  }
  return { url: text, shown: `${url.protocol}//${url.host}${url.pathname}` };
}

/** The same for commands that do nothing without a queue. @throws LeaError `E_QUEUE_URL` */
export function neededAddress(flag: string | undefined): Address {
  const address = addressOf(flag);
  if (address) return address;
  throw new LeaError('E_QUEUE_URL', 'Expected the URL of a Redis server in --queue or LEA_QUEUE.', { hint: EXAMPLE });
}

import { type Resource, resource } from '@lea/core';
import { beforeEach, expect, test } from 'vitest';
import { sessionTable } from './sessions.ts';

let time = 0;
const closed: string[] = [];
beforeEach(() => {
  time = 0;
  closed.length = 0;
});

const table = (sessions: number) => sessionTable<Resource>({ sessions, idle: 100, disconnected: 10, now: () => time });
const named = (name: string) => () => resource(async () => void closed.push(name));
const connection = () => ({ destroyed: false });
const nothing = async (): Promise<void> => {};

test('a session that is not used makes room after a while, one that is used does not', async () => {
  const sessions = table(2);
  const there = connection();
  const a = await sessions.begin(there, named('a'));
  const b = await sessions.begin(there, named('b'));
  time = 60;
  await sessions.use(b, there, nothing);
  time = 100;
  await expect(sessions.begin(there, named('c'))).rejects.toMatchObject({ code: 'E_SESSION_COUNT' });
  time = 101;
  await sessions.begin(there, named('c'));
  expect(closed).toEqual(['a']);
  await expect(sessions.use(a, there, nothing)).rejects.toMatchObject({ code: 'E_SESSION' });
  await sessions.use(b, there, nothing);
});

test('of a client without a connection it makes room sooner', async () => {
  const sessions = table(1);
  const first = connection();
  await sessions.begin(first, named('dead'));
  first.destroyed = true;
  time = 10;
  await expect(sessions.begin(connection(), named('x'))).rejects.toMatchObject({ code: 'E_SESSION_COUNT' });
  time = 11;
  const one = connection();
  const id = await sessions.begin(one, named('back'));
  expect(closed).toEqual(['dead']);

  // The connection of the last call counts: a client that comes back is there.
  one.destroyed = true;
  await sessions.use(id, connection(), nothing);
  time = 100;
  await expect(sessions.begin(connection(), named('x'))).rejects.toMatchObject({ code: 'E_SESSION_COUNT' });
});

test('a call may take long while somebody waits for it, and the session rests from its end on', async () => {
  const sessions = table(1);
  const there = connection();
  const id = await sessions.begin(there, named('slow'));
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  const call = sessions.use(id, there, () => promise);
  time = 1000;
  await expect(sessions.begin(there, named('x'))).rejects.toMatchObject({ code: 'E_SESSION_COUNT' });
  finish();
  await call;
  time = 1100;
  await expect(sessions.begin(there, named('x'))).rejects.toMatchObject({ code: 'E_SESSION_COUNT' });

  void sessions.use(id, there, () => new Promise<void>(() => {}));
  there.destroyed = true;
  time = 1111;
  await sessions.begin(connection(), named('x'));
  expect(closed).toEqual(['slow']);
});

test('a call that fails is over', async () => {
  const sessions = table(1);
  const there = connection();
  const id = await sessions.begin(there, named('a'));
  await expect(sessions.use(id, there, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  time = 101;
  await sessions.begin(there, named('b'));
  expect(closed).toEqual(['a']);
});

test('all can be ended, and each of them once', async () => {
  const sessions = table(3);
  const a = await sessions.begin(connection(), named('a'));
  await sessions.begin(connection(), named('b'));
  await sessions.end(a);
  await expect(sessions.end(a)).rejects.toMatchObject({ code: 'E_SESSION' });
  await sessions.endAll();
  expect(closed).toEqual(['a', 'b']);
});

import { randomUUID } from 'node:crypto';
import { LeaError, type Resource } from '@lea/core';

export interface SessionRules {
  /** Sessions at the same time. */
  readonly sessions: number;
  /** Milliseconds after which a session that is not used makes room for another. */
  readonly idle: number;
  /** The same for one whose client has no connection any more. */
  readonly disconnected: number;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
}

/** What is known of a client's connection. */
export interface Connection {
  readonly destroyed: boolean;
}

export interface Sessions<T> {
  /** @throws LeaError `E_SESSION_COUNT` */
  begin(connection: Connection, make: () => T): Promise<string>;
  /** @throws LeaError `E_SESSION`, and what `work` throws */
  use<R>(id: string, connection: Connection, work: (session: T) => Promise<R>): Promise<R>;
  /** @throws LeaError `E_SESSION` */
  end(id: string): Promise<void>;
  endAll(): Promise<void>;
}

interface Held<T> {
  readonly session: T;
  /** The one of the last call. */
  connection: Connection;
  /** When the last call began or ended. */
  used: number;
  /** Calls under way. */
  calls: number;
}

/** Sessions by their ids. Those whose client is gone, or has forgotten them, make room when another one begins. */
export function sessionTable<T extends Resource>(rules: SessionRules): Sessions<T> {
  const { now } = rules;
  const table = new Map<string, Held<T>>();

  const find = (id: string): Held<T> => {
    const held = table.get(id);
    if (held) return held;
    throw new LeaError('E_SESSION', 'There is no such session.', { value: id, hint: 'Begin a new one.' });
  };
  const end = async (id: string): Promise<void> => {
    const { session } = find(id);
    table.delete(id);
    await session.dispose();
  };
  const isForgotten = ({ connection, used, calls }: Held<T>): boolean => {
    const rest = now() - used;
    // A call may take long, but nobody waits for it when its connection is gone.
    if (connection.destroyed) return rest > Math.min(rules.disconnected, rules.idle);
    return calls === 0 && rest > rules.idle;
  };

  return {
    async begin(connection, make) {
      for (const [id, held] of table) if (isForgotten(held)) await end(id);
      if (table.size >= rules.sessions) {
        throw new LeaError('E_SESSION_COUNT', `There are ${rules.sessions} sessions already.`, {
          hint: 'Close one, or lower idle.',
        });
      }
      const id = randomUUID();
      table.set(id, { session: make(), connection, used: now(), calls: 0 });
      return id;
    },
    async use(id, connection, work) {
      const held = find(id);
      Object.assign(held, { connection, used: now(), calls: held.calls + 1 });
      try {
        return await work(held.session);
      } finally {
        held.used = now();
        held.calls--;
      }
    },
    end,
    async endAll() {
      for (const id of table.keys()) await end(id);
    },
  };
}

import { randomUUID } from 'node:crypto';
import { LeaError, type Resource } from '@lea/core';

/** Limits of a session table. */
export interface SessionRules {
  /** Maximum number of sessions. */
  readonly sessions: number;
  /** Milliseconds after which an unused session may be ended. */
  readonly idle: number;
  /** The same for a session whose client has no open connection. */
  readonly disconnected: number;
  /** Monotonic clock in milliseconds. */
  readonly now: () => number;
}

/** A client's connection. */
export interface Connection {
  readonly destroyed: boolean;
}

/** Table of sessions. */
export interface Sessions<T> {
  /** Creates a session and returns its id. @throws LeaError `E_SESSION_COUNT` */
  begin(connection: Connection, make: () => T): Promise<string>;
  /** Runs a function with a session. @throws LeaError `E_SESSION`, and the errors of `work` */
  use<R>(id: string, connection: Connection, work: (session: T) => Promise<R>): Promise<R>;
  /** Ends a session. @throws LeaError `E_SESSION` */
  end(id: string): Promise<void>;
  /** Ends all sessions. */
  endAll(): Promise<void>;
}

interface Held<T> {
  readonly session: T;
  /** Connection of the last call. */
  connection: Connection;
  /** Time when the last call started or ended. */
  used: number;
  /** Number of running calls. */
  calls: number;
}

/** Creates a table of sessions. Unused sessions are ended when a new one is created. */
export function sessionTable<T extends Resource>(rules: SessionRules): Sessions<T> {
  const { now } = rules;
  const table = new Map<string, Held<T>>();

  const find = (id: string): Held<T> => {
    const held = table.get(id);
    if (held) return held;
    throw new LeaError('E_SESSION', 'The session does not exist.', { value: id, hint: 'Create a new session.' });
  };
  const end = async (id: string): Promise<void> => {
    const { session } = find(id);
    table.delete(id);
    await session.dispose();
  };
  const isForgotten = ({ connection, used, calls }: Held<T>): boolean => {
    const rest = now() - used;
    // A call may take long, but its result is useless without a connection.
    if (connection.destroyed) return rest > Math.min(rules.disconnected, rules.idle);
    return calls === 0 && rest > rules.idle;
  };

  return {
    async begin(connection, make) {
      for (const [id, held] of table) if (isForgotten(held)) await end(id);
      if (table.size >= rules.sessions) {
        throw new LeaError('E_SESSION_COUNT', `The limit of ${rules.sessions} sessions is reached.`, {
          hint: 'Close a session, or change the options sessions or idle of serveEnvironment.',
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

import type { IncomingMessage, ServerResponse } from 'node:http';
import { LeaError } from '@lea/core';

/** HTTP status by error code; other errors are internal and have status 500. */
const STATUS: Readonly<Record<string, number>> = {
  E_JSON: 400,
  E_ACTION: 400,
  E_OPTION_UNKNOWN: 400,
  E_OPTION_VALUE: 400,
  E_HOST: 403,
  E_ROUTE: 404,
  E_SESSION: 404,
  E_METHOD: 405,
  E_NOT_RESET: 409,
  E_EPISODE_OVER: 409,
  E_STEP_PENDING: 409,
  E_DISPOSED: 409,
  E_BODY_SIZE: 413,
  E_CONTENT_TYPE: 415,
  E_SESSION_COUNT: 429,
};

/**
 * Reads the JSON object in the body of a request; an empty body is an empty object.
 *
 * @throws LeaError `E_CONTENT_TYPE`, `E_BODY_SIZE`, `E_JSON`
 */
export async function readJson(request: IncomingMessage, mostBytes: number): Promise<Record<string, unknown>> {
  // Prevents cross-site requests: pages of other sites can send forms and plain text, but not JSON.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new LeaError('E_CONTENT_TYPE', 'The body must be JSON.', {
      value: request.headers['content-type'],
      hint: 'Send the header content-type: application/json.',
    });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  // Keeps the request open after an early exit, so that it can be answered.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw new LeaError('E_BODY_SIZE', `The body must not exceed ${mostBytes} bytes.`);
    chunks.push(chunk);
  }
  let value: unknown;
  try {
    value = size === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
  } catch (cause) {
    throw new LeaError('E_JSON', 'The body is not valid JSON.', { cause });
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new LeaError('E_JSON', 'The body must be a JSON object.', { value });
}

/** Sends a JSON response. @throws TypeError if the value cannot be written as JSON, before anything is sent */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value, (_, v: unknown) => (ArrayBuffer.isView(v) ? Array.from(v as Float32Array) : v));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/**
 * Sends `{ error: { code, message } }`. Errors that are not LeaErrors are sent without their message.
 *
 * @returns the HTTP status
 */
export function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): number {
  const known = error instanceof LeaError;
  const status = (known && STATUS[error.code]) || 500;
  // Does not wait for the rest of a rejected body.
  if (!request.complete) response.setHeader('connection', 'close');
  const code = known ? error.code : 'E_INTERNAL';
  const message = known ? error.message : 'The environment failed.';
  sendJson(response, status, { error: { code, message } });
  return status;
}

import { LeaError } from '@lea/core';
import { quoted } from '../../shared/secret.ts';
import { type Hub, Passing, request } from './request.ts';
import { waitOrThrow } from './retry.ts';

/** A file of a repository. */
export interface HubFile {
  readonly name: string;
  readonly size: number | undefined;
  /** How its content is checked: SHA-256 for large files, git's object id for small ones. */
  readonly digest: { readonly algorithm: 'sha256' | 'git'; readonly hex: string } | undefined;
}

export interface Listing {
  /** The commit that the revision stands for. */
  readonly commit: string;
  readonly files: ReadonlyMap<string, HubFile>;
}

/** Longer answers are no list of files. */
const LONGEST = 50_000_000;

/** The files of a model's repository at a revision. @throws Passing; LeaError as `request` */
export async function listFiles(hub: Hub, id: string, revision: string): Promise<Listing> {
  const url = `${hub.endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`;
  for (let failures = 1; ; failures++) {
    try {
      return listing(await readBounded(hub, url, `model "${id}" at revision "${revision}"`), hub);
    } catch (error) {
      if ((error as { offline?: boolean }).offline) throw error;
      await waitOrThrow(hub, error, failures);
    }
  }
}

async function readBounded(hub: Hub, url: string, what: string): Promise<string> {
  const answer = await request(hub, url, what);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body()) {
    size += chunk.length;
    if (size > LONGEST) throw notAListing(hub, Buffer.concat(chunks).toString('utf8', 0, 1000));
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function listing(text: string, hub: Hub): Listing {
  let content: { sha?: unknown; siblings?: unknown };
  try {
    content = JSON.parse(text) as typeof content;
  } catch {
    throw notAListing(hub, text);
  }
  if (!/^[0-9a-f]{40,64}$/.test(String(content?.sha)) || !Array.isArray(content.siblings)) throw notAListing(hub, text);
  const files = content.siblings.map((entry) => fileOf((entry ?? {}) as Record<string, unknown>));
  return { commit: content.sha as string, files: new Map(files.map((file) => [file.name, file])) };
}

function fileOf({ rfilename, size, blobId, lfs }: Record<string, unknown>): HubFile {
  const { sha256, size: large } = (lfs ?? {}) as { sha256?: unknown; size?: unknown };
  const bytes = [large, size].find((n) => Number.isSafeInteger(n) && (n as number) >= 0) as number | undefined;
  return { name: String(rfilename), size: bytes, digest: digestOf(sha256, blobId) };
}

function digestOf(sha256: unknown, blobId: unknown): HubFile['digest'] {
  if (/^[0-9a-f]{64}$/.test(String(sha256))) return { algorithm: 'sha256', hex: String(sha256) };
  return /^[0-9a-f]{40}$/.test(String(blobId)) ? { algorithm: 'git', hex: String(blobId) } : undefined;
}

/** The digest that an entity tag is, where it is one. */
export function digestOfTag(tag: string | null): HubFile['digest'] {
  const hex = tag?.replace(/^W\//, '').replaceAll('"', '');
  return digestOf(hex, hex);
}

/** It may be the page of a server that is overloaded, which gives it a good status, or the half of a list. */
function notAListing(hub: Hub, text: string): Passing {
  const why = 'The hub answers with something that is no list of files.';
  const hint = `Try again later, or check the endpoint, ${hub.endpoint}.`;
  return new Passing(why, { last: new LeaError('E_HUB_ANSWER', why, { value: quoted(text, hub.token), hint }) });
}

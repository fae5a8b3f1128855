import { LeaError } from '@lea/core';
import { quoted } from '../../shared/secret.ts';
import { type Hub, Passing, request } from './request.ts';
import { waitOrThrow } from './retry.ts';

/** A file of a repository. */
export interface HubFile {
  /** Path within the repository. */
  readonly name: string;
  /** Size in bytes, if the hub reports it. */
  readonly size: number | undefined;
  /** Checksum of the content: SHA-256 for large files, the git object id for small ones. */
  readonly digest: { readonly algorithm: 'sha256' | 'git'; readonly hex: string } | undefined;
}

/** The files of a repository at one commit. */
export interface Listing {
  /** The commit that the revision resolves to. */
  readonly commit: string;
  /** Files by name. */
  readonly files: ReadonlyMap<string, HubFile>;
}

/** Maximum size of a listing in bytes. */
const LONGEST = 50_000_000;

/** Lists the files of a model's repository at a revision. @throws Passing; LeaErrors of `request` */
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

/** Reads an ETag header as a digest; undefined if it is not one. */
export function digestOfTag(tag: string | null): HubFile['digest'] {
  const hex = tag?.replace(/^W\//, '').replaceAll('"', '');
  return digestOf(hex, hex);
}

/** Retried, because an overloaded server may send an error page with status 200 or a truncated listing. */
function notAListing(hub: Hub, text: string): Passing {
  const why = 'The response of the hub is not a list of files.';
  const hint = `Try again later, or check the endpoint ${hub.endpoint}.`;
  return new Passing(why, { last: new LeaError('E_HUB_ANSWER', why, { value: quoted(text, hub.token), hint }) });
}

import { type AgentConfig, createAgent } from '@lea/agents';
import { LeaError } from '@lea/core';
import { startWorker, type Worker } from './process.ts';
import { peerScript } from './scripts.ts';
import type { StepSettings } from './settings.ts';

export interface PeerOptions {
  readonly python: string;
  /** Whether to use torch.compile instead of eager mode. */
  readonly compile: boolean;
}

/** The types that the peer supports, with the options that it reads. All other options must have their defaults. */
const agents: Record<string, readonly string[]> = {
  ce: [],
  sqn: ['gamma', 'tdWeight'],
  snqn: ['gamma', 'tdWeight', 'negatives', 'negativeReward'],
  sa2c: ['gamma', 'tdWeight', 'negatives', 'negativeReward', 'weightClip'],
};
const encoders: Record<string, readonly string[]> = {
  sasrec: ['width', 'dropout'],
  'sasrec-modern': ['width', 'layers', 'heads', 'mlpRatio', 'dropout', 'everyPosition'],
  gru4rec: ['width', 'dropout'],
  caser: ['width', 'filters', 'heights', 'dropout'],
  nextitnet: ['width', 'dilations', 'kernelSize', 'dropout'],
};

/** @throws LeaError `E_PEER_UNSUPPORTED` */
export function checkPeer({ encoder, ...agent }: AgentConfig): void {
  const defaults = createAgent({ type: agent.type, encoder: { type: encoder.type } }).config;
  checkPart(agent, defaults, agents);
  checkPart(encoder, defaults.encoder, encoders);
}

/** Starts the PyTorch peer from the weights and batches in the file `settings.start`. @throws LeaError `E_WORKER` */
export function startTorch(settings: StepSettings, { python, compile }: PeerOptions): Promise<Worker> {
  const { encoder, ...agent } = settings.agent;
  const { lr } = createAgent(settings.agent).phases.at(-1)!.optimizer;
  const hint =
    'The peer needs Python 3 with PyTorch: pip install torch, then --python PATH when it is not the python3 of the PATH.';
  return startWorker(
    python,
    [peerScript('torch_step.py'), JSON.stringify({ ...settings, agent, encoder, lr, compile })],
    hint,
  );
}

function checkPart(
  { type, ...options }: { readonly type: string; readonly [option: string]: unknown },
  defaults: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, readonly string[]>>,
): void {
  const read = known[type];
  if (!read) {
    throw new LeaError(
      'E_PEER_UNSUPPORTED',
      `Expected a type that the PyTorch peer supports: ${Object.keys(known).join(', ')}.`,
      {
        value: type,
        hint: 'Remove --peer.',
      },
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (read.includes(name) || JSON.stringify(value) === JSON.stringify(defaults[name])) continue;
    throw new LeaError('E_PEER_UNSUPPORTED', `The PyTorch peer supports ${type} only with the default of ${name}.`, {
      value,
      hint: 'Remove --peer or the option.',
    });
  }
}

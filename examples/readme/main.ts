// The code of the README. It reads events.csv and items.csv in the current folder.
// #region policy
import { countingMemory, sasrec, snqn } from '@lea/agents';
import { splitByUser } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { evaluate } from '@lea/eval';
import { fit } from '@lea/train';

const log = await readInteractions('events.csv', {
  columns: { user: 'visitor', item: 'sku', time: 'at', kind: 'event' },
  kinds: { view: 'click', transaction: 'purchase', search: null },
});
const { train, validation, test } = splitByUser(log);
const rewards = { click: 0.2, purchase: 1 };
const memory = await countingMemory(train);
const agent = snqn({ encoder: sasrec() });
const { policy } = await fit({ agent, train, validation, rewards, memory });
console.log((await evaluate(policy, test)).metrics['ndcg@10']);
await policy.save('policy'); // safetensors and JSON

// #endregion policy
// #region lea
import { readItemTexts } from '@lea/data/node';
import { annotate, catalogModel, fitEnvironment, learnItemTokens } from '@lea/env';
import { leaSignals } from '@lea/train';

const { texts } = await readItemTexts('items.csv', { id: 'sku', template: '{title}. {brand}.', itemIds: log.itemIds });
const languageModel = await catalogModel(texts); // or a pretrained decoder: loadLanguageModel
const { vectors: tokens } = await learnItemTokens(languageModel, texts);
const environment = await fitEnvironment({ train, validation, tokens, languageModel });
const signals = leaSignals(await annotate(environment, train), train, { rewards });
const { policy: taught } = await fit({ agent, train, validation, rewards, memory, signals });
console.log((await evaluate(taught, test)).metrics['ndcg@10']);
await taught.save('taught');
// #endregion lea

// Packs all packages of this repository for an npm project elsewhere, and prints the command that installs them:
// `npm run pack -- FOLDER`.
import { resolve } from 'node:path';
import { counts, pack } from './packed.mjs';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('Expected a folder for the tarballs: npm run pack -- FOLDER.');
  process.exit(1);
}
const packed = pack(['bench'], resolve(folder));
if (counts.failed > 0) process.exit(1);
console.log(`\nIn your project:\nnpm i ${Object.values(packed).join(' ')}`);

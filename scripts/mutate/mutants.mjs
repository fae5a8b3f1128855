import ts from 'typescript';

/** Functions of tfjs and `Math`, and the function that replaces each. */
const swapped = {
  add: 'sub',
  sub: 'add',
  mul: 'div',
  div: 'mul',
  max: 'min',
  min: 'max',
  maximum: 'minimum',
  minimum: 'maximum',
  sum: 'mean',
  mean: 'sum',
  floor: 'ceil',
  ceil: 'floor',
  greater: 'greaterEqual',
  greaterEqual: 'greater',
  less: 'lessEqual',
  lessEqual: 'less',
  equal: 'notEqual',
  notEqual: 'equal',
  logicalAnd: 'logicalOr',
  logicalOr: 'logicalAnd',
};

/** Functions that a mutant may omit: the first argument replaces the call. */
const forgotten = {
  key: ['fold'],
  term: ['add', 'sub'],
  mask: ['mul', 'where'],
  sign: ['neg', 'abs', 'relu'],
  bound: ['maximum', 'minimum', 'clipByValue', 'max', 'min'],
};

const operators = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '&&': '||',
  '||': '&&',
};

/** Constants beyond these limits only prevent overflow or division by 0, so their exact value does not matter. */
const [SMALLEST, LARGEST] = [1e-5, 1e6];

/**
 * Plausible small mistakes in a TypeScript source: a different constant, sign, comparison or order, or an omitted key, term or
 * mask. Input checks are not changed: `throw` with its `if`, and functions `check...`.
 *
 * @param {string} text
 * @returns {{ kind: string, start: number, end: number, to: string }[]} by position; each one alone gives a source that parses
 */
export function mutantsOf(text) {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    if (isBeside(node)) return;
    for (const [kind, target, to] of editsOf(node)) {
      found.push({ kind, start: target.getStart(source), end: target.end, to });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found.sort((a, b) => a.start - b.start);
}

/** Types, imports and input checks. */
function isBeside(node) {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isThrowStatement(node) ||
    (ts.isIfStatement(node) && throws(node.thenStatement)) ||
    (ts.isFunctionDeclaration(node) && node.name?.text.startsWith('check'))
  );
}

function throws(statement) {
  return ts.isThrowStatement(statement) || (ts.isBlock(statement) && statement.statements.some(ts.isThrowStatement));
}

/** @returns {Iterable<[kind: string, what: ts.Node, to: string]>} the edits of a node itself, without its children */
function* editsOf(node) {
  if (ts.isNumericLiteral(node)) yield* constant(node);
  else if (node.kind === ts.SyntaxKind.TrueKeyword) yield ['constant', node, 'false'];
  else if (node.kind === ts.SyntaxKind.FalseKeyword) yield ['constant', node, 'true'];
  else if (ts.isPrefixUnaryExpression(node)) yield* prefix(node);
  else if (ts.isBinaryExpression(node)) yield* binary(node);
  else if (ts.isConditionalExpression(node)) yield* choice(node);
  else if (ts.isIfStatement(node)) yield* condition(node);
  else if (ts.isCallExpression(node)) yield* call(node);
}

function* constant(node) {
  const value = Number(node.text);
  if (ts.isPropertyAssignment(node.parent) && node.parent.name === node) return;
  if (Number.isInteger(value) && value < LARGEST) yield ['constant', node, `${value + 1}`];
  else if (value >= SMALLEST && value < LARGEST) yield ['constant', node, `${value * 2}`];
}

function* prefix(node) {
  const minus = node.operator === ts.SyntaxKind.MinusToken;
  if (minus || node.operator === ts.SyntaxKind.ExclamationToken) yield ['sign', node, inBrackets(node.operand)];
}

function* binary({ operatorToken, left, right }) {
  const to = operators[operatorToken.getText()];
  const texts = [left, right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
  if (to && !(texts && operatorToken.kind === ts.SyntaxKind.PlusToken)) yield ['operator', operatorToken, to];
}

function* choice(node) {
  yield ['condition', node, inBrackets(node.whenTrue)];
  yield ['condition', node, inBrackets(node.whenFalse)];
}

function* condition({ expression }) {
  yield ['condition', expression, 'true'];
  yield ['condition', expression, 'false'];
}

function* call(node) {
  const { expression, arguments: [first, second] } = node; // biome-ignore format: one line
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  const of = ts.isPropertyAccessExpression(expression) ? expression.expression.getText() : '';
  const word = name.getText();
  if (word === 'permutation' && second) {
    yield ['order', node, `Int32Array.from({ length: ${second.getText()} }, (_, i) => i)`];
  }
  if (of === '' ? word !== 'fold' : of !== 'tf' && of !== 'Math') return;
  if (Object.hasOwn(swapped, word)) yield ['function', name, swapped[word]];
  for (const [kind, words] of Object.entries(forgotten)) {
    if (second && words.includes(word)) yield [kind, node, inBrackets(first)];
    if (!second && kind === 'sign' && words.includes(word)) yield [kind, node, inBrackets(first)];
  }
}

function inBrackets(node) {
  return `(${node.getText()})`;
}

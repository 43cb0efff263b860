/** Conditions: Python expressions over parameters, read and evaluated without `eval`. */

import { parseExpression, partsOf, unknownEscape, walk } from './expressions';
import type { Expr } from './expressions';
import { evaluate } from './evaluation';
import { ExpressionError } from './tokens';
import type { Condition, Value } from './types';
import { strText } from './values';

const ALLOWED_BINARY = new Set(['+', '-', '*', '/', '//', '%']);

/** Read a condition. Throws an error with the kernel's message, up to what to write instead. */
export function readCondition(text: string): Condition {
  const trimmed = text.trim();
  let tree: Expr;
  try {
    tree = dotted(parseExpression(trimmed));
    checkCompiles(trimmed, tree);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const reason = error.message ? `: ${error.message}` : '';
    throw new Error(`${strText(trimmed)} is not a Python expression${reason}`, { cause: error });
  }
  const refused = refusedIn(tree);
  if (refused) {
    throw new Error(
      `a condition compares parameters; it cannot hold ${trimmed.slice(refused.from, refused.to)}`,
    );
  }
  const names = new Set(walk(tree).flatMap((expr) => (expr.kind === 'name' ? [expr.id] : [])));
  const holds = (point: ReadonlyMap<string, Value>) => evaluate(tree, point);
  return { text, names: [...names], numbers: numbersIn(tree), holds };
}

function numbersIn(tree: Expr): number[] {
  const numbers = walk(tree).flatMap((expr) =>
    expr.kind === 'constant' && (expr.value.type === 'int' || expr.value.type === 'float')
      ? [expr.value.value, -expr.value.value]
      : [],
  );
  return [...new Set([0, ...numbers])].sort((a, b) => a - b);
}

/** `SVC.C` is the parameter of that qualified name. */
function dotted(expr: Expr): Expr {
  switch (expr.kind) {
    case 'attribute': {
      const object = dotted(expr.object);
      if (object.kind !== 'name') return { ...expr, object };
      return { kind: 'name', id: `${object.id}.${expr.name}`, from: expr.from, to: expr.to };
    }
    case 'unary':
      return { ...expr, operand: dotted(expr.operand) };
    case 'binary':
      return { ...expr, left: dotted(expr.left), right: dotted(expr.right) };
    case 'bool':
      return { ...expr, values: expr.values.map(dotted) };
    case 'compare':
      return { ...expr, left: dotted(expr.left), others: expr.others.map(dotted) };
    case 'tuple':
    case 'list':
    case 'set':
      return { ...expr, items: expr.items.map(dotted) };
    default:
      return expr;
  }
}

/** Refuse what Python's compiler refuses or warns of. */
function checkCompiles(text: string, tree: Expr): void {
  const escape = unknownEscape(text);
  if (escape !== undefined) throw new ExpressionError(`invalid escape sequence '${escape}'`);
  for (const expr of walk(tree)) {
    if (expr.kind === 'yield') throw new ExpressionError("'yield' outside function");
    if (expr.kind === 'await') throw new ExpressionError("'await' outside function");
    if (expr.kind !== 'compare') continue;
    const sides = [expr.left, ...expr.others].map(isTransient);
    const at = expr.operators.findIndex(
      (operator, i) => operator.startsWith('is') && [sides[i], sides[i + 1]].includes(true),
    );
    if (at < 0) continue;
    const [operator, meant] = expr.operators[at] === 'is' ? ['is', '=='] : ['is not', '!='];
    throw new ExpressionError(`"${operator}" with a literal. Did you mean "${meant}"?`);
  }
}

/** Whether an expression is a constant of which there may be several: a number, a text, a tuple of these. */
function isTransient(expr: Expr): boolean {
  if (expr.kind === 'constant') return !['bool', 'none', 'ellipsis'].includes(expr.value.type);
  if (expr.kind === 'unary' || expr.kind === 'binary') return partsOf(expr).every(isTransient);
  return expr.kind === 'tuple' && expr.items.every((item) => item.kind === 'constant' || isTransient(item));
}

/** The first expression that is more than a comparison, level by level; for an operator, the whole that it makes. */
function refusedIn(tree: Expr): Expr | null {
  if (!isAllowed(tree)) return tree;
  for (const expr of walk(tree)) {
    const [first, ...others] = partsOf(expr);
    if (expr.kind === 'unary' && expr.operator === '~') return expr;
    if (first && !isAllowed(first)) return first;
    if (expr.kind === 'binary' && !ALLOWED_BINARY.has(expr.operator)) return expr;
    const refused = others.find((other) => !isAllowed(other));
    if (refused) return refused;
  }
  return null;
}

function isAllowed({ kind }: Expr): boolean {
  return ['constant', 'name', 'unary', 'binary', 'bool', 'compare', 'tuple', 'list', 'set'].includes(kind);
}

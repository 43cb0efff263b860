/** Expressions as text, in the spacing, quotes and parentheses of Python's `ast.unparse`. */

import type { Clause, Expr, LambdaParameter, OtherConstant } from './expressions';
import type { Value } from './types';

/** How tightly an operator binds; a part that binds less than its place asks for goes into parentheses. */
const Binding = {
  Named: 0,
  Tuple: 1,
  Yield: 2,
  Test: 3,
  Or: 4,
  And: 5,
  Not: 6,
  Compare: 7,
  BitOr: 8,
  BitXor: 9,
  BitAnd: 10,
  Shift: 11,
  Sum: 12,
  Term: 13,
  Factor: 14,
  Power: 15,
  Await: 16,
  Atom: 17,
};

const BINARY: Readonly<Record<string, number>> = {
  '|': Binding.BitOr,
  '^': Binding.BitXor,
  '&': Binding.BitAnd,
  '<<': Binding.Shift,
  '>>': Binding.Shift,
  '+': Binding.Sum,
  '-': Binding.Sum,
  '*': Binding.Term,
  '/': Binding.Term,
  '//': Binding.Term,
  '%': Binding.Term,
  '@': Binding.Term,
  '**': Binding.Power,
};

/** An expression's text as Python would write it anew. */
export function unparse(expr: Expr): string {
  return written(expr, Binding.Test);
}

function written(expr: Expr, place: number): string {
  const [text, binding] = textOf(expr);
  return binding < place ? `(${text})` : text;
}

function textOf(expr: Expr): [text: string, binding: number] {
  switch (expr.kind) {
    case 'constant':
      return [constantText(expr.value), Binding.Atom];
    case 'format':
      return [formatText(expr.text), Binding.Atom];
    case 'name':
      return [expr.id, Binding.Atom];
    case 'attribute': {
      const isInt = expr.object.kind === 'constant' && expr.object.value.type === 'int';
      return [`${written(expr.object, Binding.Atom)}${isInt ? ' ' : ''}.${expr.name}`, Binding.Atom];
    }
    case 'subscript':
      return [`${written(expr.object, Binding.Atom)}[${indexText(expr.index)}]`, Binding.Atom];
    case 'slice':
      return [sliceText(expr.parts), Binding.Atom];
    case 'call': {
      const keywords = expr.keywords.map(
        ({ name, value }) => `${name === null ? '**' : `${name}=`}${unparse(value)}`,
      );
      return [
        `${written(expr.callee, Binding.Atom)}(${[...expr.args.map(unparse), ...keywords].join(', ')})`,
        Binding.Atom,
      ];
    }
    case 'tuple':
      return tupleText(expr.items);
    case 'list':
      return [`[${listed(expr.items)}]`, Binding.Atom];
    case 'set':
      return [`{${listed(expr.items)}}`, Binding.Atom];
    case 'dict': {
      const entry = (key: Expr | null, value: Expr) =>
        key ? `${unparse(key)}: ${unparse(value)}` : `**${written(value, Binding.BitOr)}`;
      return [`{${expr.entries.map(({ key, value }) => entry(key, value)).join(', ')}}`, Binding.Atom];
    }
    case 'comprehension': {
      const value = expr.value ? `: ${unparse(expr.value)}` : '';
      const inner = unparse(expr.element) + value + expr.clauses.map(clauseText).join('');
      return [expr.brackets.charAt(0) + inner + expr.brackets.charAt(1), Binding.Atom];
    }
    default:
      return operationText(expr);
  }
}

type Operation = Extract<
  Expr,
  {
    kind:
      | 'unary'
      | 'binary'
      | 'bool'
      | 'compare'
      | 'conditional'
      | 'lambda'
      | 'named'
      | 'starred'
      | 'await'
      | 'yield';
  }
>;

function operationText(expr: Operation): [text: string, binding: number] {
  switch (expr.kind) {
    case 'unary': {
      const binding = expr.operator === 'not' ? Binding.Not : Binding.Factor;
      return [
        `${expr.operator}${expr.operator === 'not' ? ' ' : ''}${written(expr.operand, binding)}`,
        binding,
      ];
    }
    case 'binary': {
      const binding = BINARY[expr.operator] ?? Binding.Atom;
      const [left, right] = expr.operator === '**' ? [binding + 1, binding] : [binding, binding + 1];
      return [`${written(expr.left, left)} ${expr.operator} ${written(expr.right, right)}`, binding];
    }
    case 'bool': {
      const binding = expr.operator === 'or' ? Binding.Or : Binding.And;
      // Python asks for more with each value: the fourth of "a or b or c or d == e" gets parentheses.
      const place = (i: number) => Math.min(binding + i + 1, Binding.Atom);
      return [expr.values.map((value, i) => written(value, place(i))).join(` ${expr.operator} `), binding];
    }
    case 'compare': {
      const others = expr.others.map(
        (other, i) => ` ${expr.operators[i] ?? ''} ${written(other, Binding.BitOr)}`,
      );
      return [written(expr.left, Binding.BitOr) + others.join(''), Binding.Compare];
    }
    case 'conditional': {
      const [body, test] = [expr.body, expr.test].map((part) => written(part, Binding.Or));
      return [`${body ?? ''} if ${test ?? ''} else ${unparse(expr.otherwise)}`, Binding.Test];
    }
    case 'lambda':
      return [`lambda${parametersText(expr.parameters)}: ${unparse(expr.body)}`, Binding.Test];
    case 'named':
      return [`${unparse(expr.target)} := ${written(expr.value, Binding.Atom)}`, Binding.Named];
    case 'starred':
      return [`*${written(expr.value, Binding.BitOr)}`, Binding.Atom];
    case 'await':
      return [`await ${written(expr.value, Binding.Atom)}`, Binding.Await];
    case 'yield': {
      const value = expr.value ? ` ${written(expr.value, Binding.Atom)}` : '';
      return [`yield${expr.isFrom ? ' from' : ''}${value}`, Binding.Yield];
    }
  }
}

function listed(items: readonly Expr[]): string {
  return items.map(unparse).join(', ');
}

function tupleText(items: readonly Expr[]): [text: string, binding: number] {
  if (items.length === 0) return ['()', Binding.Atom];
  return [items.length === 1 ? `${listed(items)},` : listed(items), Binding.Tuple];
}

function indexText(index: Expr): string {
  return index.kind === 'tuple' ? written(index, Binding.Tuple) : unparse(index);
}

function sliceText([lower, upper, step]: readonly (Expr | null)[]): string {
  const text = (part: Expr | null | undefined) => (part ? unparse(part) : '');
  return `${text(lower)}:${text(upper)}${step ? `:${text(step)}` : ''}`;
}

function clauseText({ isAsync, target, source, conditions }: Clause): string {
  const head = ` ${isAsync ? 'async ' : ''}for ${written(target, Binding.Tuple)} in ${written(source, Binding.Or)}`;
  return head + conditions.map((condition) => ` if ${written(condition, Binding.Or)}`).join('');
}

function parametersText(parameters: readonly LambdaParameter[]): string {
  const texts = parameters.map(
    ({ mark, name, fallback }) => mark + name + (fallback ? `=${unparse(fallback)}` : ''),
  );
  return texts.length > 0 ? ` ${texts.join(', ')}` : '';
}

function constantText(value: Value | OtherConstant): string {
  if (value.type === 'bytes') return formatText(value.text);
  // Infinity has no literal.
  return value.type === 'float' ? value.text.replace('inf', '1e309') : value.text;
}

/** A prefixed string in the quotes that Python prefers, where nothing in it stands against them. */
function formatText(text: string): string {
  const simple = /^([a-zA-Z]+)"((?!"")[^"'\\]*)"$/.exec(text);
  return simple ? `${(simple[1] ?? '').toLowerCase()}'${simple[2] ?? ''}'` : text;
}

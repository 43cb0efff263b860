/**
 * What marks can belong to: named literals, statements and loops, from the syntax tree.
 *
 * Only what touches the marked lines is looked at.
 */

import type { SyntaxNode, SyntaxNodeRef, Tree } from '@lezer/common';

import { readLiteral } from './literals';
import type { Span, Value } from './types';

/** A literal that has a name. */
export interface Named extends Span {
  name: string;
  /** The callee, object, dict or function that tells equal names apart. */
  qualifier: string | null;
  value: Value;
}

/** An assignment, or an expression on its own. */
export interface Statement extends Span {
  node: SyntaxNode;
  /** Whether it is within a function or a class. */
  isInner: boolean;
}

export interface Loop extends Span {
  /** Where its body's first statement starts. */
  bodyFrom: number;
}

export interface Found {
  /** In the order of the text. */
  named: readonly Named[];
  statements: readonly Statement[];
  loops: readonly Loop[];
}

/** Nodes that are one expression in the text, such as `1, 2`: several where a tuple has no parentheses. */
type Group = readonly SyntaxNode[];

const STATEMENTS = new Set(['AssignStatement', 'UpdateStatement', 'ExpressionStatement', 'YieldStatement']);
const LOOPS = new Set(['ForStatement', 'WhileStatement']);
const SCOPES = new Set(['FunctionDefinition', 'ClassDefinition']);
const SEQUENCES = new Set(['TupleExpression', 'ArrayExpression']);
const STRINGS = new Set(['String', 'ContinuedString']);
/** Nodes that may be literals. */
export const LITERALS = new Set([
  'Number',
  'Boolean',
  'None',
  'UnaryExpression',
  'TupleExpression',
  ...STRINGS,
]);

/** What stands on some lines, which are given in order. */
export function findOn(lines: readonly Span[], text: string, tree: Tree): Found {
  const finder = new Finder(text);
  tree.iterate({
    enter: (ref) => touches(lines, ref) && finder.enter(ref),
    leave: (ref) => {
      finder.leave(ref);
    },
  });
  finder.named.sort((a, b) => a.from - b.from);
  return finder;
}

/** `SVC.C`, where something qualifies the name. */
export function fullName({ name, qualifier }: Named): string {
  return qualifier === null ? name : `${qualifier}.${name}`;
}

/** The first target of an assignment, or the expression itself. */
export function targetOf({ node }: Statement): Group {
  if (node.name !== 'AssignStatement') return node.firstChild ? [node.firstChild] : [];
  return groupsOf(node)[0] ?? [];
}

/** Whether a statement only says of which type a name is. */
function isBareAnnotation(node: SyntaxNode): boolean {
  return node.name === 'AssignStatement' && node.getChild('AssignOp') === null;
}

/** Whether a line (the last that starts at or before it) touches a node. */
function touches(lines: readonly Span[], { from, to }: Span): boolean {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.to ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  const line = lines[low];
  return line !== undefined && line.from <= to;
}

class Finder implements Found {
  readonly named: Named[] = [];
  readonly statements: Statement[] = [];
  readonly loops: Loop[] = [];
  /** The names of what may turn out to be a dict, by where it starts. */
  private readonly owners = new Map<number, string>();
  private depth = 0;

  constructor(private readonly text: string) {}

  /** Note a node; false where nothing within it counts. */
  enter(ref: SyntaxNodeRef): boolean {
    const { name } = ref;
    if (STATEMENTS.has(name) && !isBareAnnotation(ref.node)) {
      this.statements.push({ from: ref.from, to: ref.to, node: ref.node, isInner: this.depth > 0 });
    } else if (LOOPS.has(name)) this.loops.push(loopOf(ref.node));
    else if (SCOPES.has(name)) this.depth += 1;
    this.noteNames(ref);
    // Before Python 3.12 the positions in f-strings are wrong, and the kernel does not look into them.
    return name !== 'FormatString' && name !== 'Comment';
  }

  leave({ name }: SyntaxNodeRef): void {
    if (SCOPES.has(name)) this.depth -= 1;
  }

  private noteNames(ref: SyntaxNodeRef): void {
    switch (ref.name) {
      case 'AssignStatement':
        this.assignment(ref.node);
        break;
      case 'NamedExpression':
        this.walrus(ref.node);
        break;
      case 'CallExpression':
      case 'Decorator':
        this.keywords(ref.node);
        break;
      case 'DictionaryExpression':
        this.entries(ref.node);
        break;
      case 'FunctionDefinition':
        this.defaults(ref.node, this.textOf(ref.node.getChild('VariableName')));
        break;
      case 'LambdaExpression':
        this.defaults(ref.node, null);
    }
  }

  private textOf(node: SyntaxNode | null | undefined): string | null {
    return node ? this.text.slice(node.from, node.to).normalize('NFKC') : null;
  }

  private assignment(node: SyntaxNode): void {
    const groups = groupsOf(node);
    const [target, value] = [groups[0], groups.at(-1)];
    if (target && value && groups.length > 1) this.pair(target, value);
  }

  private walrus(node: SyntaxNode): void {
    const groups = groupsOf(node);
    const [target, value] = groups;
    if (target && value) this.pair(target, value);
  }

  private keywords(node: SyntaxNode): void {
    const list = node.getChild('ArgList');
    const callee = list?.prevSibling;
    if (!list || !callee) return;
    const qualifier = this.lastName(callee);
    for (const { name, operator, value } of assignedIn(list)) {
      if (this.textOf(operator) === ':=') this.pair([name], [value]);
      else this.add(this.textOf(name), [value], qualifier);
    }
  }

  private defaults(node: SyntaxNode, owner: string | null): void {
    const list = node.getChild('ParamList');
    if (!list) return;
    for (const { name, value } of assignedIn(list)) this.add(this.textOf(name), [value], owner);
  }

  private entries(node: SyntaxNode): void {
    const owner = this.owners.get(node.from) ?? null;
    for (let colon = node.firstChild; colon; colon = colon.nextSibling) {
      const [key, value] = [colon.prevSibling, colon.nextSibling];
      if (colon.name === ':' && key && value) this.add(this.keyOf(key), [value], owner);
    }
  }

  /** What a dict's key or a subscript says, if it is a string. */
  private keyOf(node: SyntaxNode): string | null {
    const key = bare([node])[0];
    if (!key || !STRINGS.has(key.name)) return null;
    const value = readLiteral(this.text.slice(key.from, key.to));
    return value?.type === 'str' ? value.value : null;
  }

  private lastName(node: SyntaxNode): string | null {
    const inner = bare([node])[0];
    if (inner?.name === 'VariableName') return this.textOf(inner);
    const last = inner?.name === 'MemberExpression' ? inner.lastChild : null;
    return last?.name === 'PropertyName' ? this.textOf(last) : null;
  }

  /** Name what is assigned, and the elements of `a, b = 1, 2` one by one. */
  private pair(target: Group, value: Group): void {
    const targets = elementsOf(target);
    if (targets) {
      const values = elementsOf(value);
      if (values?.length !== targets.length) return;
      targets.forEach((each, i) => {
        const [first, one] = [each[0], values[i]];
        // What a star takes is a list.
        if (one && first?.name !== '*') this.pair(each, one);
      });
      return;
    }
    const node = bare(target)[0];
    if (node?.name === 'VariableName') this.add(this.textOf(node), value, null);
    else if (node?.name === 'MemberExpression') this.member(node, value);
  }

  private member(node: SyntaxNode, value: Group): void {
    const { firstChild: object, lastChild: last } = node;
    if (!object || !last) return;
    const qualifier = this.lastName(object);
    if (last.name === 'PropertyName') this.add(this.textOf(last), value, qualifier);
    const key = last.prevSibling;
    const isSingle = key?.prevSibling?.name === '[';
    if (last.name === ']' && key && isSingle) this.add(this.keyOf(key), value, qualifier);
  }

  private add(name: string | null, group: Group, qualifier: string | null): void {
    const nodes = bare(group);
    const [first, last] = [nodes[0], nodes.at(-1)];
    if (!name || !first || !last) return;
    if (first.name === 'DictionaryExpression') this.owners.set(first.from, name);
    if (nodes.length === 1 && !LITERALS.has(first.name)) return;
    const value = readLiteral(this.text.slice(first.from, last.to));
    if (value) this.named.push({ name, qualifier, value, from: first.from, to: last.to });
  }
}

function loopOf(node: SyntaxNode): Loop {
  let first = node.getChild('Body')?.firstChild?.nextSibling;
  while (first?.name === 'Comment') first = first.nextSibling;
  // Python counts a decorated function from its `def`.
  const statement = first?.name === 'DecoratedStatement' ? first.lastChild : first;
  return { from: node.from, to: node.to, bodyFrom: statement?.from ?? node.from };
}

/** What stands between the equals signs of an assignment, without annotations. */
function groupsOf(node: SyntaxNode): Group[] {
  const groups: SyntaxNode[][] = [[]];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name === 'AssignOp') groups.push([]);
    else if (child.name !== 'TypeDef' && child.name !== 'Comment') groups.at(-1)?.push(child);
  }
  return groups;
}

/** The names with a value in a list of arguments or parameters. */
function* assignedIn(
  list: SyntaxNode,
): Generator<{ name: SyntaxNode; operator: SyntaxNode; value: SyntaxNode }> {
  for (let operator = list.firstChild; operator; operator = operator.nextSibling) {
    if (operator.name !== 'AssignOp') continue;
    const before = skipping(operator.prevSibling, 'prevSibling');
    const name = before?.name === 'TypeDef' ? skipping(before.prevSibling, 'prevSibling') : before;
    const value = skipping(operator.nextSibling, 'nextSibling');
    if (name?.name === 'VariableName' && value) yield { name, operator, value };
  }
}

function skipping(node: SyntaxNode | null, way: 'prevSibling' | 'nextSibling'): SyntaxNode | null {
  while (node?.name === 'Comment') node = node[way];
  return node;
}

/** An expression without the parentheses around it; those of a tuple are its own. */
function bare(group: Group): Group {
  let nodes = group;
  while (nodes.length === 1 && nodes[0]?.name === 'ParenthesizedExpression') nodes = inside(nodes[0]);
  return nodes;
}

/** What stands between the brackets of a node. */
function inside(node: SyntaxNode): Group {
  const nodes: SyntaxNode[] = [];
  for (let child = node.firstChild?.nextSibling; child?.nextSibling; child = child.nextSibling) {
    if (child.name !== 'Comment') nodes.push(child);
  }
  return nodes;
}

/** The elements of a tuple or a list, or null. */
function elementsOf(group: Group): Group[] | null {
  const nodes = bare(group);
  const only = nodes.length === 1 ? nodes[0] : undefined;
  const isBracketed = only !== undefined && SEQUENCES.has(only.name);
  if (!isBracketed && !nodes.some(({ name }) => name === ',')) return null;
  const inner = isBracketed ? inside(only) : nodes;
  const elements: SyntaxNode[][] = [[]];
  for (const node of inner) {
    if (node.name === ',') elements.push([]);
    else elements.at(-1)?.push(node);
  }
  if (elements.at(-1)?.length === 0) elements.pop();
  return elements;
}

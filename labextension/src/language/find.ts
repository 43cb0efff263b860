/**
 * What marks can belong to: named literals, statements and loops, from the syntax tree.
 *
 * Only what touches the marked lines is looked at. The twin of the kernel's `jtune/language/find.py`.
 */

import type { SyntaxNode, SyntaxNodeRef, Tree } from '@lezer/common';

import { bare, childrenOf, elementsOf, literalOf } from './literals';
import type { Group } from './literals';
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

const STATEMENTS = new Set(['AssignStatement', 'UpdateStatement', 'ExpressionStatement', 'YieldStatement']);
const LOOPS = new Set(['ForStatement', 'WhileStatement']);
const SCOPES = new Set(['FunctionDefinition', 'ClassDefinition']);

/** What stands on some lines. */
export function findOn(lines: readonly Span[], text: string, tree: Tree): Found {
  const finder = new Finder(text);
  tree.iterate({
    enter: (ref) => lines.some(({ from, to }) => from <= ref.to && to >= ref.from) && finder.enter(ref),
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

/** The loop whose header stands on a line. */
export function loopOn(line: Span, { loops }: Found): Loop | undefined {
  return loops.findLast(({ from, bodyFrom }) => from <= line.to && (bodyFrom > line.to || from >= line.from));
}

/** What an objective's statement is called by: the first target of an assignment, or the expression itself. */
export function judgedIn({ node }: Statement): Group {
  if (node.name === 'UpdateStatement') return childrenOf(node).slice(0, 1);
  return groupsOf(node)[0] ?? [];
}

/** What stands between the equals signs of an assignment, without annotations. */
function groupsOf(node: SyntaxNode): Group[] {
  const groups: SyntaxNode[][] = [[]];
  for (const child of childrenOf(node)) {
    if (child.name === 'AssignOp') groups.push([]);
    else if (child.name !== 'TypeDef') groups.at(-1)?.push(child);
  }
  return groups;
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
    const { name, from, to } = ref;
    // An annotation alone assigns nothing.
    if (STATEMENTS.has(name) && (name !== 'AssignStatement' || ref.node.getChild('AssignOp'))) {
      this.statements.push({ from, to, node: ref.node, isInner: this.depth > 0 });
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
      case 'NamedExpression': {
        const groups = groupsOf(ref.node);
        if (groups.length > 1) this.pair(groups[0] ?? [], groups.at(-1) ?? []);
        break;
      }
      case 'CallExpression':
      case 'Decorator': {
        const list = ref.node.getChild('ArgList');
        this.keywords(list, this.lastName(list?.prevSibling));
        break;
      }
      case 'DictionaryExpression':
        this.entries(ref.node);
        break;
      case 'FunctionDefinition':
      case 'LambdaExpression':
        this.keywords(ref.node.getChild('ParamList'), this.textOf(ref.node.getChild('VariableName')));
    }
  }

  private textOf(node: SyntaxNode | null | undefined): string | null {
    return node ? this.text.slice(node.from, node.to).normalize('NFKC') : null;
  }

  /** The names with a value in a list of arguments or parameters. */
  private keywords(list: SyntaxNode | null, owner: string | null): void {
    const parts = list ? childrenOf(list) : [];
    for (const [i, operator] of parts.entries()) {
      const value = parts[i + 1];
      const name = parts[i - 1]?.name === 'TypeDef' ? parts[i - 2] : parts[i - 1];
      if (operator.name !== 'AssignOp' || name?.name !== 'VariableName' || !value) continue;
      this.add(this.textOf(name), [value], this.textOf(operator) === ':=' ? null : owner);
    }
  }

  private entries(node: SyntaxNode): void {
    const owner = this.owners.get(node.from) ?? null;
    const parts = childrenOf(node);
    for (const [i, colon] of parts.entries()) {
      const value = parts[i + 1];
      if (colon.name === ':' && value) this.add(this.keyOf(parts[i - 1]), [value], owner);
    }
  }

  /** What a dict's key or a subscript says, if it is a string. */
  private keyOf(node: SyntaxNode | undefined): string | null {
    const value = node ? literalOf([node], this.text) : null;
    return value?.type === 'str' ? value.value : null;
  }

  private lastName(node: SyntaxNode | null | undefined): string | null {
    const inner = node ? bare([node])[0] : undefined;
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
        // What a star takes is a list.
        if (each[0]?.name !== '*') this.pair(each, values[i] ?? []);
      });
      return;
    }
    const node = bare(target)[0];
    if (node?.name === 'VariableName') this.add(this.textOf(node), value, null);
    else if (node?.name === 'MemberExpression') this.member(childrenOf(node), value);
  }

  private member(parts: readonly SyntaxNode[], value: Group): void {
    const [object, , key, ...others] = parts;
    const isKey = key?.name !== 'PropertyName';
    if (isKey && others.length !== 1) return;
    this.add(isKey ? this.keyOf(key) : this.textOf(key), value, this.lastName(object));
  }

  private add(name: string | null, group: Group, qualifier: string | null): void {
    const nodes = bare(group);
    const [first, last] = [nodes[0], nodes.at(-1)];
    if (!name || !first || !last) return;
    if (first.name === 'DictionaryExpression') this.owners.set(first.from, name);
    const value = literalOf(nodes, this.text);
    if (value) this.named.push({ name, qualifier, value, from: first.from, to: last.to });
  }
}

function loopOf(node: SyntaxNode): Loop {
  const body = node.getChild('Body');
  const [, first] = body ? childrenOf(body) : [];
  // Python counts a decorated function from its `def`.
  const statement = first?.name === 'DecoratedStatement' ? first.lastChild : first;
  return { from: node.from, to: node.to, bodyFrom: statement?.from ?? node.from };
}

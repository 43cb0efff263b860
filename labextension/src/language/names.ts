/** The names that a statement reads and binds. The twin of the kernel's `jtune/language/names.py`. */

import type { SyntaxNode } from '@lezer/common';

import { childrenOf } from './literals';

export interface Names {
  /** What it may read before it binds it itself, in order; what its functions read counts too. */
  reads: readonly string[];
  binds: ReadonlySet<string>;
  /** Whose values it changes in place, by an assignment or by calling a method. */
  changes: ReadonlySet<string>;
}

/** What a name means in one part of a statement. */
interface Scope {
  kind: 'cell' | 'function' | 'class' | 'inline';
  own: Set<string>;
  outer: Scope | null;
}

const INLINE = 'ComprehensionExpression';
const ROOTED = new Set(['MemberExpression', 'CallExpression']);

/** The names of a statement. */
export function namesOf(statement: SyntaxNode, text: string): Names {
  const reader = new Reader(text);
  reader.visit(statement, { kind: 'cell', own: new Set(), outer: null });
  const reads = [...reader.reads].filter(([name, isAtOnce]) => isAtOnce || !reader.bound.has(name));
  return {
    reads: reads.map(([name]) => name),
    binds: new Set([...reader.bound, ...reader.boundLater]),
    changes: reader.changes,
  };
}

class Reader {
  readonly reads = new Map<string, boolean>();
  readonly bound = new Set<string>();
  readonly boundLater = new Set<string>();
  readonly changes = new Set<string>();

  constructor(private readonly text: string) {}

  visit(node: SyntaxNode, scope: Scope): void {
    const children = childrenOf(node);
    switch (node.name) {
      case 'VariableName':
        this.read(node, scope);
        return;
      case 'AssignStatement':
        this.assign(children, scope);
        return;
      case 'UpdateStatement':
        this.visitAll(children, scope);
        this.bind(children[0], scope);
        return;
      case 'NamedExpression':
        this.visitAll(children.slice(2), scope);
        this.bind(children[0], outOf(scope, 'inline'));
        return;
      case 'ForStatement':
        this.loop(children, scope);
        return;
      case 'ImportStatement':
        this.imports(children, scope);
        return;
      case 'FunctionDefinition':
      case 'LambdaExpression':
        this.define(node, children, scope);
        return;
      case 'ClassDefinition': {
        this.visitAll(node.getChildren('ArgList'), scope);
        const inner: Scope = { kind: 'class', own: new Set(), outer: scope };
        this.visitAll(node.getChildren('Body'), inner);
        this.bind(node.getChild('VariableName'), scope);
        return;
      }
      case 'DeleteStatement':
        this.visitAll(children, scope);
        children.forEach((child) => {
          this.bind(child, scope);
        });
        return;
      case 'CapturePattern':
        this.bind(children[0] ?? node, scope);
        return;
      case 'ScopeStatement':
        return;
      case 'ExpressionStatement':
        if (children[0]?.name === 'CallExpression') this.change(children[0].firstChild);
    }
    if (node.name.endsWith(INLINE) || children.some(({ name }) => name === 'for')) {
      this.comprehend(children, scope);
    } else this.visitAll(children, scope);
  }

  /** Visit what stands side by side; what follows `as` is bound, and a keyword is no name. */
  private visitAll(nodes: readonly SyntaxNode[], scope: Scope): void {
    nodes.forEach((node, i) => {
      const [before, after] = [nodes[i - 1]?.name, nodes[i + 1]?.name];
      const isKeyword = node.parent?.name === 'ArgList' && after === 'AssignOp';
      if (before === 'as') this.bind(node, scope);
      // A decorator's attributes are no names either.
      else if (!isKeyword && before !== '.') this.visit(node, scope);
    });
  }

  private assign(children: readonly SyntaxNode[], scope: Scope): void {
    const at = children.findLastIndex(({ name }) => name === 'AssignOp');
    if (at >= 0) this.visitAll(children.slice(at + 1), scope);
    for (const child of at < 0 ? children : children.slice(0, at)) {
      if (child.name === 'TypeDef') this.visit(child, scope);
      else if (at >= 0) this.bind(child, scope);
    }
  }

  private loop(children: readonly SyntaxNode[], scope: Scope): void {
    const at = children.findIndex(({ name }) => name === 'in');
    const body = children.findIndex(({ name }) => name === 'Body');
    this.visitAll(children.slice(at + 1, body), scope);
    children.slice(0, at).forEach((child) => {
      this.bind(child, scope);
    });
    this.visitAll(children.slice(body), scope);
  }

  private comprehend(children: readonly SyntaxNode[], scope: Scope): void {
    const inner: Scope = { kind: 'inline', own: new Set(), outer: scope };
    let isTarget = false;
    const others = children.filter((child) => {
      if (child.name === 'for' || child.name === 'in') isTarget = child.name === 'for';
      else if (isTarget) this.bind(child, inner);
      return !isTarget;
    });
    this.visitAll(others, inner);
  }

  private imports(children: readonly SyntaxNode[], scope: Scope): void {
    const from = children[0]?.name === 'from' ? children.findIndex(({ name }) => name === 'import') : 0;
    children.slice(from + 1).forEach((child, i, all) => {
      const [before, after] = [all[i - 1]?.name, all[i + 1]?.name];
      const isPart = before === '.' || (child.name === 'VariableName' && aliased(all.slice(i + 1)));
      if (child.name === 'VariableName' && !isPart && (after !== 'as' || before === 'as')) {
        this.bind(child, scope);
      }
    });
  }

  private define(node: SyntaxNode, children: readonly SyntaxNode[], scope: Scope): void {
    const parameters = node.getChild('ParamList');
    const own = new Set<string>();
    const list = parameters ? childrenOf(parameters) : [];
    list.forEach((child, i) => {
      const isDefault = list[i - 1]?.name === 'AssignOp';
      if (child.name === 'VariableName' && !isDefault) own.add(this.textOf(child));
      else this.visit(child, scope);
    });
    this.visitAll(node.getChildren('TypeDef'), scope);
    if (node.name === 'FunctionDefinition') this.bind(node.getChild('VariableName'), scope);
    const body = children.slice(children.findLastIndex(({ name }) => name === 'Body' || name === ':'));
    const inner: Scope = { kind: 'function', own, outer: scope };
    body.forEach((child) => {
      this.bindLocals(child, inner);
    });
    this.visitAll(body, inner);
  }

  /** Find what a function binds before what it reads is looked at: a local name is one everywhere. */
  private bindLocals(node: SyntaxNode, scope: Scope): void {
    const locals = new Reader(this.text);
    locals.visit(node, { kind: 'cell', own: new Set(), outer: null });
    const globals = new Set<string>();
    node.cursor().iterate(({ name, node: each }) => {
      if (name === 'ScopeStatement') {
        each.getChildren('VariableName').forEach((child) => globals.add(this.textOf(child)));
      }
      return name !== 'FunctionDefinition';
    });
    locals.bound.forEach((name) => {
      if (!globals.has(name)) scope.own.add(name);
    });
  }

  /** Bind what a target names; what is changed in it is read first. */
  private bind(node: SyntaxNode | null | undefined, scope: Scope): void {
    if (node?.name === 'VariableName') {
      const name = this.textOf(node);
      if (scope.kind === 'class' || scope.kind === 'inline') scope.own.add(name);
      else if (!isLater(scope)) this.bound.add(name);
      else if (!isOwn(name, scope)) {
        this.boundLater.add(name);
        scope.own.add(name);
      }
    } else if (node?.name === 'MemberExpression') {
      this.visit(node, scope);
      this.change(node);
    } else if (node) {
      childrenOf(node).forEach((child) => {
        this.bind(child, scope);
      });
    }
  }

  /** Note whose value is changed: that of the name which attributes, elements and calls are of. */
  private change(node: SyntaxNode | null): void {
    let root = node;
    while (root && ROOTED.has(root.name)) root = root.firstChild;
    if (root !== node && root?.name === 'VariableName') this.changes.add(this.textOf(root));
  }

  private read(node: SyntaxNode, scope: Scope): void {
    const name = this.textOf(node);
    if (isOwn(name, scope)) return;
    const isAtOnce = !isLater(scope);
    if (isAtOnce && this.bound.has(name)) return;
    this.reads.set(name, (this.reads.get(name) ?? false) || isAtOnce);
  }

  private textOf(node: SyntaxNode): string {
    return this.text.slice(node.from, node.to).normalize('NFKC');
  }
}

/** Whether a dotted name goes on to an `as`. */
function aliased(rest: readonly SyntaxNode[]): boolean {
  const end = rest.findIndex(({ name }) => name !== '.' && name !== 'VariableName');
  return rest[0]?.name === '.' && rest[end]?.name === 'as';
}

function outOf(scope: Scope, kind: Scope['kind']): Scope {
  return scope.kind === kind && scope.outer ? outOf(scope.outer, kind) : scope;
}

/** Whether a scope is in the body of a function, which runs when that is called. */
function isLater(scope: Scope): boolean {
  return scope.kind === 'function' || (scope.outer !== null && isLater(scope.outer));
}

/** Whether a name is one of the statement's own functions, classes and comprehensions. */
function isOwn(name: string, scope: Scope): boolean {
  if (scope.own.has(name)) return true;
  let outer = scope.outer;
  // Functions do not see the names of the class around them.
  while (outer?.kind === 'class') outer = outer.outer;
  return outer !== null && isOwn(name, outer);
}

/** Which statements may run once: those that depend on nothing that is tuned. The twin of `jtune/language/once.py`. */

import type { SyntaxNode, Tree } from '@lezer/common';

import { childrenOf } from './literals';
import { namesOf } from './names';
import type { Names } from './names';
import type { Span } from './types';

interface Facts extends Names {
  statement: SyntaxNode;
  line: number;
  /** The line of a tuned literal that it holds. */
  tuned: number | null;
  isImport: boolean;
}

/** The statements at the top level of a cell. */
export function topStatements(tree: Tree): SyntaxNode[] {
  const statements = childrenOf(tree.topNode).flatMap((node) => {
    return node.name === 'StatementGroup' ? childrenOf(node) : [node];
  });
  return statements.filter(({ name }) => /(?:Statement|Definition)$/.test(name));
}

/** Where the head of a statement starts: behind its decorators. */
export function headStart(statement: SyntaxNode): number {
  return undecorated(statement).from;
}

/** Whether a line is in the block of a statement, below its header. */
export function isInBlock(line: Span, statement: SyntaxNode): boolean {
  const inner = undecorated(statement);
  const body = inner.getChild('Body') ?? inner.getChild('MatchBody');
  const first = body ? childrenOf(body)[1] : undefined;
  return first !== undefined && line.to >= first.from && line.from > inner.from;
}

function undecorated(statement: SyntaxNode): SyntaxNode {
  if (statement.name !== 'DecoratedStatement') return statement;
  return statement.getChild('FunctionDefinition') ?? statement.getChild('ClassDefinition') ?? statement;
}

/** What the statements of a cell depend on; `tuned` are the tuned literals, `told` objectives and loops that report. */
export class Dependence {
  private readonly facts: readonly Facts[];

  constructor(
    private readonly text: string,
    tree: Tree,
    tuned: readonly Span[],
    private readonly told: readonly Span[],
  ) {
    this.facts = topStatements(tree).map((statement) => ({
      ...namesOf(statement, text),
      statement,
      line: this.lineAt(statement.from),
      tuned: this.lineWithin(statement, tuned),
      isImport: statement.name === 'ImportStatement',
    }));
  }

  /** Why a statement cannot run once; null where it can. */
  obstacle({ from }: Span): string | null {
    const index = this.facts.findIndex(({ statement }) => statement.from === from);
    const own = this.facts[index];
    if (!own) return null;
    const marked = own.tuned ?? this.lineWithin(own.statement, this.told);
    if (marked !== null) {
      return `this cannot run once: it holds the mark of line ${marked}; take one of them off`;
    }
    const before = this.facts.slice(0, index);
    const behind = this.facts.slice(index + 1);
    for (const [name, reader] of readBy(own, before)) {
      const how = reader === '' ? `${name}, which` : `${name} (by way of ${reader}), which`;
      const binding = before.filter((facts) => isBinding(facts, name));
      const tuned = binding.findLast((facts) => facts.tuned !== null)?.tuned;
      if (tuned !== undefined && tuned !== null) {
        return `this cannot run once: it reads ${how} depends on what line ${tuned} tunes; take the mark off`;
      }
      const later = behind.find(({ binds, isImport }) => binds.has(name) && !isImport);
      if (later && binding.length === 0) {
        const hint = 'move that above, or take the mark off';
        return `this cannot run once: it reads ${how} line ${later.line} binds later; ${hint}`;
      }
    }
    return null;
  }

  private lineAt(at: number): number {
    return this.text.slice(0, at).split(/\r\n|\n|\r/).length;
  }

  private lineWithin({ from, to }: Span, among: readonly Span[]): number | null {
    const found = among.find((each) => each.from >= from && each.to <= to);
    return found ? this.lineAt(found.from) : null;
  }
}

function isBinding({ binds, changes }: Facts, name: string): boolean {
  return binds.has(name) || changes.has(name);
}

/** The names that a statement's result depends on, and by way of which name it does. */
function readBy(own: Facts, before: readonly Facts[]): Map<string, string> {
  const found = new Map(own.reads.map((name) => [name, '']));
  // The map grows while this goes on.
  for (const name of found.keys()) {
    for (const { reads } of before.filter((facts) => isBinding(facts, name))) {
      for (const read of reads) if (!found.has(read)) found.set(read, name);
    }
  }
  return found;
}

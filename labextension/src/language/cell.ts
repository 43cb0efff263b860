/**
 * A cell's text -> what may move in it, what is judged, and every mistake in its marks.
 *
 * The twin of the kernel's `jtune/language/cell.py`, with its messages.
 */

import type { SyntaxNode, Tree } from '@lezer/common';

import { circleIn, rejectCondition } from './dependence';
import { findOn, fullName, judgedIn, loopOn } from './find';
import type { Found, Loop, Named, Statement } from './find';
import { MarkError } from './grammar';
import { bare, spelled } from './literals';
import { extentFrom, hasMark, isProse, readComment } from './marks';
import type { Mark, ObjectiveMark, OnceMark, ParameterMark, ReportMark } from './marks';
import { didYouMean } from './near';
import { Dependence, headStart, isInBlock, topStatements } from './once';
import { commentsOf, maskMagics } from './parse';
import type { CellReading, Condition, Direction, Problem, Span, Tunable, Value } from './types';
import { whyUnnamed } from './unnamed';
import { strText } from './values';
import { readDomain } from './written';

interface Comment extends Span {
  text: string;
  line: Span;
  /** Whether nothing but space stands before it. */
  isAlone: boolean;
}

interface Marked {
  comment: Comment;
  mark: ParameterMark;
  named: Named;
}

interface Read extends Marked {
  tunable: Tunable;
}

/** Where a comment may hold a mark, or what was meant for one. */
const SIGN = /#[\s\u200b\u2060]*(?:[Tt][UuNn]|@param)/;
const ASSIGNABLE = new Set(['VariableName', 'MemberExpression']);

/** Read the marks of a cell; `tree` is what `parsePython` gives for the text. Never throws. */
export function readCell(text: string, tree: Tree): CellReading {
  const { text: python, foreign, magic } = maskMagics(text);
  const reader = new Reader(python, tree, commentsIn(python, tree));
  for (const line of foreign) {
    if (hasMark(text.slice(line.from, line.to))) reader.refuseForeign(line);
  }
  return {
    magic: magic === 'tune' || magic === 'explore' ? magic : null,
    tunables: reader.tunables(),
    objectives: reader.objectives.map(({ direction }) => direction),
    problems: reader.problems.sort((a, b) => a.from - b.from),
  };
}

/** The names of the parameters that are active where all literals are as they stand. */
export function activeNames({ tunables }: CellReading): Set<string> {
  const point = new Map(tunables.map(({ name, literal }) => [name, literal]));
  const isActive = ({ condition }: Tunable) => condition === null || holds(condition, point);
  return new Set(tunables.filter(isActive).map(({ name }) => name));
}

/** A condition that cannot be told, as while its other mark is being mended, holds. */
function holds(condition: Condition, point: ReadonlyMap<string, Value>): boolean {
  try {
    return condition.holds(point);
  } catch {
    return true;
  }
}

function commentsIn(python: string, tree: Tree): Comment[] {
  return commentsOf(tree).flatMap(({ from, to }) => {
    const text = python.slice(from, to);
    if (!SIGN.test(text)) return [];
    const line = lineAround(python, from);
    const isAlone = python.slice(line.from, from).trim() === '';
    return [{ from, to, text, line, isAlone }];
  });
}

function lineAround(text: string, at: number): Span {
  let [from, to] = [at, at];
  while (from > 0 && !isLineEnd(text.charAt(from - 1))) from -= 1;
  while (to < text.length && !isLineEnd(text.charAt(to))) to += 1;
  return { from, to };
}

function isLineEnd(char: string): boolean {
  return char === '\n' || char === '\r';
}

/** Puts marks to the literals, statements and loops that they belong to, and collects every mistake. */
class Reader {
  readonly problems: Problem[] = [];
  readonly objectives: { statement: Statement; direction: Direction; spelling: string }[] = [];
  private readonly found: Found;
  private readonly marked: Marked[] = [];
  private readonly reporting: Loop[] = [];
  private readonly once: { comment: Comment; start: number; statement: SyntaxNode }[] = [];
  /** The lines with mistakes. */
  private readonly wrong: Span[] = [];

  constructor(
    private readonly python: string,
    private readonly tree: Tree,
    comments: readonly Comment[],
  ) {
    const lines = comments.map(({ line }) => line);
    this.found = findOn(lines, python, tree);
    for (const comment of comments) this.read(comment);
  }

  /** Refuse a mark on a line that is no Python. */
  refuseForeign(line: Span): void {
    const message = 'IPython hands this line to a magic or a shell as text; tune what stands in plain Python';
    this.problems.push({ ...line, message });
    this.wrong.push(line);
  }

  /** The parameters without a mistake, in cell order. */
  tunables(): Tunable[] {
    this.marked.sort((a, b) => a.named.from - b.named.from);
    const marked = this.qualified();
    const read = marked.flatMap((each) => this.withDomain(each));
    const valid = this.withValidConditions(read, marked);
    this.checkOnce();
    return valid.filter(({ named }) => !isRepeated(named, marked)).map(({ tunable }) => tunable);
  }

  private problem({ from, text, line }: Comment, start: number, message: string): void {
    const to = Math.max(extentFrom(text, start), Math.min(start + 1, text.length));
    this.problems.push({ from: from + start, to: from + to, message });
    this.wrong.push(line);
  }

  private read(comment: Comment): void {
    if (comment.isAlone) {
      if (isProse(comment.text)) return;
      const hint = 'move it there, or take the colon out of prose';
      this.problem(comment, 0, `a mark stands at the end of the line that it speaks of; ${hint}`);
      return;
    }
    let isRead = false;
    try {
      const marks = readComment(comment.text);
      isRead = true;
      for (const mark of marks) this.place(comment, mark);
    } catch (error) {
      if (!(error instanceof MarkError)) throw error;
      // While a statement is being typed, nothing can be said of what stands in it.
      if (!isRead || !this.isBeingTyped(comment)) this.problem(comment, error.start, error.message);
    }
  }

  private isBeingTyped({ line, from }: Comment): boolean {
    const code = this.python.slice(line.from, from).trimEnd();
    return isBroken(this.tree, line, line.from + code.length);
  }

  /** Put a mark to what it belongs to. Throws `MarkError`. */
  private place(comment: Comment, mark: Mark): void {
    if (mark.kind === 'parameter') this.placeParameter(comment, mark);
    else if (mark.kind === 'objective') this.placeObjective(comment.line, mark);
    else if (mark.kind === 'report') this.placeReport(comment.line, mark);
    else this.placeOnce(comment, mark);
  }

  private placeParameter(comment: Comment, mark: ParameterMark): void {
    const { start, name } = mark;
    const [first, ...others] = this.found.named.filter(({ to }) => isIn(comment.line, to));
    if (!first) throw new MarkError(start, whyUnnamed(this.tree, this.python, comment.line, name));
    const named = literalFor(mark, [first, ...others]);
    if (this.marked.some((other) => other.named.from === named.from)) {
      throw new MarkError(start, `no second literal stands here for ${name ?? 'None'}; leave it out`);
    }
    this.marked.push({ comment, mark, named });
  }

  private placeObjective(line: Span, { direction, start }: ObjectiveMark): void {
    const refuse = (what: string, hint: string) => new MarkError(start, `${what}; ${hint}`);
    const statement = this.found.statements.findLast(({ from, to }) => from <= line.to && to > line.from);
    if (!statement) {
      const hint = `write loss = ...  # tune: ${direction}`;
      throw refuse('an objective is an assignment or an expression', hint);
    }
    if (statement.isInner) {
      throw refuse('the objective must be at the top level of the cell', 'return it from the function');
    }
    const judged = bare(judgedIn(statement));
    const isAssigned = /^(Assign|Update)Statement$/.test(statement.node.name);
    if (isAssigned && !(judged.length === 1 && ASSIGNABLE.has(judged[0]?.name ?? ''))) {
      const hint = `put the one on a line of its own: NAME  # tune: ${direction}`;
      throw refuse('several names are assigned here', hint);
    }
    if (this.objectives.some((other) => other.statement.from === statement.from)) {
      throw refuse('this is an objective already', 'leave one of the marks out');
    }
    const spelling = spelled(judged, this.python);
    if (this.objectives.some((other) => other.spelling === spelling)) {
      throw refuse('this objective is marked already', 'leave one of the marks out, or rename one');
    }
    this.objectives.push({ statement, direction, spelling });
  }

  private placeReport(line: Span, { text, start }: ReportMark): void {
    const loop = loopOn(line, this.found);
    if (!loop) {
      const hint = `write for epoch in range(9):  # tune: report ${text}`;
      throw new MarkError(start, `report belongs to the header of a loop; ${hint}`);
    }
    if (this.reporting.includes(loop)) {
      throw new MarkError(start, 'this loop reports already; put all into one mark: report EXPR, EXPR');
    }
    this.reporting.push(loop);
  }

  private placeOnce(comment: Comment, { start }: OnceMark): void {
    const { line } = comment;
    const statement = topStatements(this.tree).findLast(({ from, to }) => from <= line.to && to > line.from);
    if (!statement) return;
    if (isInBlock(line, statement)) {
      const number = this.python.slice(0, headStart(statement)).split(/\r\n|\n|\r/).length;
      const hint = `mark the whole block, in line ${number}`;
      throw new MarkError(start, `what runs once stands at the top level of the cell; ${hint}`);
    }
    if (this.once.some((other) => other.statement.from === statement.from)) {
      throw new MarkError(start, 'this runs once already; leave one of the marks out');
    }
    this.once.push({ comment, start, statement });
  }

  private checkOnce(): void {
    // While a statement is being typed, what it reads and binds cannot be told.
    if (this.once.length === 0 || hasError(this.tree, 0, this.python.length)) return;
    const told = [...this.objectives.map(({ statement }) => statement), ...this.reporting];
    const tuned = this.marked.map(({ named }) => named);
    const dependence = new Dependence(this.python, this.tree, tuned, told);
    for (const { comment, start, statement } of this.once) {
      const message = dependence.obstacle(statement);
      if (message !== null) this.problem(comment, start, message);
    }
  }

  /** Equal names get their callee, where that tells them apart. */
  private qualified(): Marked[] {
    const marked = this.marked.map(({ named, ...rest }): Marked => {
      const name = isRepeated(named, this.marked) ? fullName(named) : named.name;
      return { ...rest, named: { ...named, name } };
    });
    for (const { comment, mark, named } of marked) {
      const count = marked.filter((other) => other.named.name === named.name).length;
      if (count === 1) continue;
      const hint = 'rename one: # tune NAME: DOMAIN';
      this.problem(comment, mark.start, `${count} tunables are called ${named.name}; ${hint}`);
    }
    return marked;
  }

  private withDomain(marked: Marked): Read[] {
    const { comment, mark, named } = marked;
    const { name, value: literal, from, to } = named;
    try {
      const tunable = {
        name,
        literal,
        domain: readDomain(mark.domain, literal),
        condition: mark.condition,
        isInferred: mark.domain === null,
        from,
        to,
        comment: { from: comment.from, to: comment.to },
      };
      return [{ ...marked, tunable }];
    } catch (error) {
      if (!(error instanceof MarkError)) throw error;
      this.problem(comment, mark.domainStart + error.start, error.message);
      return [];
    }
  }

  private withValidConditions(read: readonly Read[], marked: readonly Marked[]): readonly Read[] {
    const known = new Map(read.map(({ tunable }) => [tunable.name, tunable]));
    const unread = this.unreadNames(known, marked);
    const isUnread = (name: string) => unread.has(name) || unread.has(name.slice(name.lastIndexOf('.') + 1));
    const valid = read.filter(({ comment, mark, tunable }) => {
      if (!mark.condition || mark.condition.names.some(isUnread)) return true;
      const message = rejectCondition(tunable.name, mark.condition, known);
      if (message !== null) this.problem(comment, mark.conditionStart, message);
      return message === null;
    });
    const circle = this.problems.length > 0 ? [] : circleIn(read.map(({ tunable }) => tunable));
    const first = read.find(({ tunable }) => circle.includes(tunable.name));
    if (!first) return valid;
    const what = `the conditions of ${circle.join(', ')} depend on each other in a circle`;
    this.problem(first.comment, first.mark.conditionStart, `${what}; drop one of them`);
    return valid.filter((each) => each !== first);
  }

  /** What a condition names is not unknown when it is only the name's own mark that is wrong. */
  private unreadNames(known: ReadonlyMap<string, Tunable>, marked: readonly Marked[]): Set<string> {
    const onWrong = this.found.named.filter(({ to }) => this.wrong.some((line) => isIn(line, to)));
    const unknown = marked.filter(({ named }) => !known.has(named.name)).map(({ named }) => named);
    return new Set([...onWrong, ...unknown].map(({ name }) => name));
  }
}

function isIn(line: Span, at: number): boolean {
  return at > line.from && at <= line.to;
}

function isRepeated({ name }: Named, marked: readonly Marked[]): boolean {
  return marked.filter((other) => other.named.name === name).length > 1;
}

/** The literal that a mark speaks of, among those of its line. Throws `MarkError`. */
function literalFor({ name, start }: ParameterMark, here: readonly [Named, ...Named[]]): Named {
  const [first] = here;
  const labels = labelsOf(here);
  if (name === null) {
    if (here.length === 1) return first;
    const hint = labels.map((label) => `${label}: ...`).join('; ');
    throw new MarkError(start, `several literals stand here; write # tune ${hint}`);
  }
  const matching = here.filter((each) => each.name === name || fullName(each) === name);
  const [found] = matching;
  if (matching.length > 1) throw new MarkError(start, ambiguity(name, matching));
  if (found?.name === name) return found;
  if (found ?? here.length === 1) return { ...(found ?? first), name, qualifier: null };
  const guess = didYouMean(name, labels);
  throw new MarkError(start, `no literal ${strText(name)} here, only ${labels.join(', ')}${guess}`);
}

/** What the literals of a line are called in a mark. */
export function labelsOf(here: readonly Named[]): string[] {
  return here.map((named) => {
    return here.some((other) => other !== named && other.name === named.name) ? fullName(named) : named.name;
  });
}

function ambiguity(name: string, matching: readonly Named[]): string {
  const full = [...new Set(matching.map(fullName))];
  const ways = full.map((each) => `${each}: ...`).join('; ');
  const hint = full.length === matching.length ? `write # tune ${ways}` : 'put them on lines of their own';
  return `${name} names several literals of this line; ${hint}`;
}

/** Whether the statement that the code of a line belongs to, up to its block, cannot be parsed. */
function isBroken(tree: Tree, line: Span, codeTo: number): boolean {
  let node = tree.resolveInner(codeTo, -1);
  while (node.parent && !/Statement$|Definition$/.test(node.name)) node = node.parent;
  const statement = node.parent ? node : line;
  const isCompound = node.getChild('Body') !== null;
  const to = isCompound ? line.to : Math.max(statement.to, line.to);
  return hasError(tree, Math.min(statement.from, line.from), to);
}

/** Whether a part of a tree cannot be parsed. */
function hasError(tree: Tree, from: number, to: number): boolean {
  let isFound = false;
  tree.iterate({
    from,
    to,
    enter: ({ type, name }) => {
      isFound ||= type.isError;
      // Lezer misses the value of a bare `yield`.
      return !isFound && !name.startsWith('Yield');
    },
  });
  return isFound;
}

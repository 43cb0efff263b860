/**
 * A cell's text -> what may move in it, what is judged, what is reported, and every mistake in its marks.
 *
 * The messages are those of the kernel's `jtune/language/cell.py`.
 */

import type { Tree } from '@lezer/common';

import { triedOf } from './domains';
import { parseStatement } from './expressions';
import { findOn, fullName, targetOf } from './find';
import type { Found, Loop, Named, Statement } from './find';
import { MarkError } from './grammar';
import { attempt } from './literals';
import { extentFrom, hasMark, isProse, readComment, readDomain } from './marks';
import type { Mark, ObjectiveMark, ParameterMark, ReportMark } from './marks';
import { didYouMean } from './near';
import { maskMagics } from './parse';
import type { CellReading, Condition, Direction, Goal, Problem, Span, Tunable, Value } from './types';
import { whyUnnamed } from './unnamed';
import { unparse } from './unparse';
import { NONE, strText } from './values';

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
const SIGN = /#[\s\u200b\u2060]*(?:[Tt][UuNn]|@param)/g;
// Of the values of the parameters that a condition names: more would be felt while typing.
const COMBINATIONS_TRIED = 1000;

/** Read the marks of a cell; `tree` is what `parsePython` gives for the text. Never throws. */
export function readCell(text: string, tree: Tree): CellReading {
  const { text: python, foreign, magic } = maskMagics(text);
  const reader = new Reader(python, tree, commentsIn(python, tree));
  for (const line of foreign) {
    if (hasMark(text.slice(line.from, line.to))) reader.refuseForeign(line);
  }
  const tunables = reader.tunables();
  return {
    magic: magic === 'tune' || magic === 'explore' ? magic : null,
    tunables,
    objectives: reader.objectives.map(({ goal }) => goal),
    reports: reader.reports.map(({ expressions }) => expressions),
    reportDirections: reader.reports.map(({ direction }) => direction),
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
  const comments: Comment[] = [];
  for (const { index } of python.matchAll(SIGN)) {
    const last = comments.at(-1);
    if (last && index < last.to) continue;
    const node = tree.resolveInner(index, 1);
    if (node.name !== 'Comment') continue;
    const { from, to } = node;
    const line = lineAround(python, from);
    const isAlone = python.slice(line.from, from).trim() === '';
    comments.push({ from, to, text: python.slice(from, to), line, isAlone });
  }
  return comments;
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
  readonly objectives: { statement: Statement; goal: Goal }[] = [];
  readonly reports: { loop: Loop; expressions: readonly string[]; direction: Direction | null }[] = [];
  private readonly found: Found;
  private readonly marked: Marked[] = [];
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
    return valid.filter(({ named }) => !this.isRepeated(named, marked)).map(({ tunable }) => tunable);
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
    else this.placeReport(comment.line, mark);
  }

  private placeParameter(comment: Comment, mark: ParameterMark): void {
    const here = this.found.named.filter(({ to }) => isIn(comment.line, to));
    const [first, ...others] = here;
    if (!first) {
      throw new MarkError(mark.start, whyUnnamed(this.tree, this.python, comment.line, mark.name));
    }
    const named = literalOf(mark, [first, ...others]);
    if (this.marked.some((other) => other.named.from === named.from)) {
      throw new MarkError(
        mark.start,
        `no second literal stands here for ${mark.name ?? 'None'}; leave it out`,
      );
    }
    this.marked.push({ comment, mark, named });
  }

  private placeObjective(line: Span, { direction, start }: ObjectiveMark): void {
    const statement = this.found.statements
      .filter(({ from, to }) => from <= line.to && to > line.from)
      .at(-1);
    if (!statement) {
      const hint = `write loss = ...  # tune: ${direction}`;
      throw new MarkError(start, `an objective is an assignment or an expression; ${hint}`);
    }
    if (statement.isInner) {
      const hint = 'return it from the function';
      throw new MarkError(start, `the objective must be at the top level of the cell; ${hint}`);
    }
    const label = this.labelOf(statement);
    if (label === null) {
      const hint = `put the one on a line of its own: NAME  # tune: ${direction}`;
      throw new MarkError(start, `several names are assigned here; ${hint}`);
    }
    if (this.objectives.some((other) => other.statement.from === statement.from)) {
      throw new MarkError(start, 'this is an objective already; leave one of the marks out');
    }
    if (this.objectives.some(({ goal }) => goal.label === label)) {
      throw new MarkError(
        start,
        `${label} is an objective already; leave one of the marks out, or rename one`,
      );
    }
    this.objectives.push({ statement, goal: { direction, label } });
  }

  /** The name that is assigned, or the expression; null where several names are. */
  private labelOf(statement: Statement): string | null {
    const isExpression =
      statement.node.name === 'ExpressionStatement' || statement.node.name === 'YieldStatement';
    const target = targetOf(statement);
    const from = isExpression ? statement.from : (target[0]?.from ?? statement.from);
    const to = isExpression ? statement.to : (target.at(-1)?.to ?? from);
    const text = this.python.slice(from, to);
    const expr = attempt(() => parseStatement(text));
    if (!expr) return text.replace(/\s+/g, ' ');
    const isOne =
      isExpression || expr.kind === 'name' || expr.kind === 'attribute' || expr.kind === 'subscript';
    return isOne ? unparse(expr) : null;
  }

  private placeReport(line: Span, { expressions, direction, start }: ReportMark): void {
    const isHeader = ({ from, bodyFrom }: Loop) =>
      from <= line.to && (bodyFrom > line.to || from >= line.from);
    const loop = this.found.loops.filter(isHeader).at(-1);
    if (!loop) {
      const hint = `write for epoch in range(9):  # tune: report ${expressions.join(', ')}`;
      throw new MarkError(start, `report belongs to the header of a loop; ${hint}`);
    }
    if (this.reports.some((other) => other.loop === loop)) {
      const hint = 'put all into one mark: report EXPR, EXPR';
      throw new MarkError(start, `this loop reports already; ${hint}`);
    }
    this.reports.push({ loop, expressions, direction });
  }

  /** Equal names get their callee, where that tells them apart. */
  private qualified(): Marked[] {
    const marked = this.marked.map((each): Marked => {
      const { named } = each;
      return this.isRepeated(named, this.marked)
        ? { ...each, named: { ...named, name: fullName(named) } }
        : each;
    });
    for (const { comment, mark, named } of marked) {
      const count = marked.filter((other) => other.named.name === named.name).length;
      if (count === 1) continue;
      const hint = 'rename one: # tune NAME: DOMAIN';
      this.problem(comment, mark.start, `${count} tunables are called ${named.name}; ${hint}`);
    }
    return marked;
  }

  private isRepeated({ name }: Named, marked: readonly Marked[]): boolean {
    return marked.filter((other) => other.named.name === name).length > 1;
  }

  private withDomain(marked: Marked): Read[] {
    const { comment, mark, named } = marked;
    try {
      const domain = readDomain(mark.domain, named.value);
      const { name, value: literal, from, to } = named;
      const place = { from, to, comment: { from: comment.from, to: comment.to } };
      const tunable = {
        name,
        literal,
        domain,
        condition: mark.condition,
        isInferred: mark.domain === null,
        ...place,
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

/** The literal that a mark speaks of, among those of its line. Throws `MarkError`. */
function literalOf({ name, start }: ParameterMark, here: readonly [Named, ...Named[]]): Named {
  const [first] = here;
  const labels = here.map((each) => {
    return here.some((other) => other !== each && other.name === each.name) ? fullName(each) : each.name;
  });
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
  let hasError = false;
  tree.iterate({
    from: Math.min(statement.from, line.from),
    to: isCompound ? line.to : Math.max(statement.to, line.to),
    enter: ({ type, name }) => {
      hasError ||= type.isError;
      // Lezer misses the value of a bare `yield`.
      return !hasError && !name.startsWith('Yield');
    },
  });
  return hasError;
}

function rejectCondition(
  name: string,
  condition: Condition,
  known: ReadonlyMap<string, Tunable>,
): string | null {
  for (const other of condition.names) {
    if (known.has(other)) continue;
    const qualified = [...known.keys()].filter((full) => full.endsWith(`.${other}`)).join(' or ');
    const guess = qualified ? `; write ${qualified}` : didYouMean(other, known.keys());
    return `${strText(other)} is not a tunable of this cell${guess || '; mark it too, or drop the condition'}`;
  }
  if (condition.names.includes(name)) return `${name} cannot depend on itself; drop the condition`;
  if (condition.names.length === 0) {
    return 'the condition names no tunable of this cell; write for example: if layers >= 2';
  }
  return failureOf(condition, known);
}

/** Try a condition at values that it can tell apart. */
function failureOf(condition: Condition, known: ReadonlyMap<string, Tunable>): string | null {
  const axes = condition.names.map((name) => {
    const tunable = known.get(name);
    return tunable ? [tunable.literal, ...triedOf(tunable.domain, condition.numbers)] : [];
  });
  const total = axes.reduce((product, { length }) => product * length, 1);
  for (let i = 0; i < Math.min(total, COMBINATIONS_TRIED); i += 1) {
    const values = combination(axes, i);
    try {
      condition.holds(new Map(condition.names.map((name, axis) => [name, values[axis] ?? NONE])));
    } catch (error) {
      const where = condition.names.map((name, axis) => `${name} = ${values[axis]?.text ?? ''}`).join(', ');
      const reason = error instanceof Error ? error.message : '';
      return `the condition fails where ${where}: ${reason}; compare by == or !=`;
    }
  }
  return null;
}

/** The combination at a position, where the last axis changes first. */
function combination(axes: readonly (readonly Value[])[], position: number): Value[] {
  let rest = position;
  return axes.reduceRight<Value[]>((values, axis) => {
    const value = axis[rest % axis.length] ?? NONE;
    rest = Math.floor(rest / axis.length);
    return [value, ...values];
  }, []);
}

/** Parameters whose conditions depend on each other, in cell order; empty where none do. */
function circleIn(tunables: readonly Tunable[]): string[] {
  const names = new Set(tunables.map(({ name }) => name));
  const needs = new Map(
    tunables.map(({ name, condition }) => [name, (condition?.names ?? []).filter((each) => names.has(each))]),
  );
  for (;;) {
    const ready = [...needs].filter(([, needed]) => !needed.some((each) => needs.has(each)));
    if (ready.length === 0) break;
    for (const [name] of ready) needs.delete(name);
  }
  const left = [...needs.keys()];
  const path = left.slice(0, 1);
  for (;;) {
    const last = path.at(-1);
    const next = left.find((name) => last !== undefined && needs.get(last)?.includes(name));
    if (next === undefined) return [];
    if (path.includes(next)) return left.filter((name) => path.slice(path.indexOf(next)).includes(name));
    path.push(next);
  }
}

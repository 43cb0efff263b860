import { expect, test } from 'vitest';

import { shareOf, stepped, valueAt } from '../../src/language/scale';
import { type Domain, domainText, isSame } from '../../src/language';
import { reject } from '../../src/language/domains';
import { floatValue, intValue } from '../../src/language/values';
import { CHOICES, float, int } from '../language/read';

/** Ranges of all sizes, scales and steps. */
function* domains(): Generator<Domain> {
  yield CHOICES;
  const widths = [1e-9, 1e-3, 0.7, 1, 3, 12, 99.5, 1e4, 1e12];
  for (const low of [-1e6, -3, -0.25, 0, 1e-8, 0.1, 1, 7, 123456.789]) {
    for (const width of widths) {
      const high = low + width;
      // Finer than a slider can be drawn with floats.
      if (width < 1e-8 * Math.abs(low)) continue;
      yield float(low, high);
      if (low > 0) yield float(low, high, { log: true });
      for (const parts of [3, 7, 40, 1000]) {
        const step = Number((width / parts).toPrecision(1));
        if (Math.max(Math.abs(low), high) / step < 1e7) yield float(low, high, { step });
      }
    }
  }
  for (const low of [-50, 0, 1, 16]) {
    for (const high of [low + 1, low + 2, low + 9, low + 255, low + 100_000]) {
      for (const step of [1, 2, 7].filter((each) => each <= high - low)) {
        yield int(low, high, { step });
        if (low > 0) yield int(low, high, { step, log: true });
      }
    }
  }
  yield float(1e-300, 1e300, { log: true });
  yield float(1, 1 + 1e-9, { log: true });
}

const SHARES = Array.from({ length: 101 }, (_, i) => i / 100);

test('what a slider points at is in the domain, wherever it stands', () => {
  for (const domain of domains()) {
    for (const share of [-1, ...SHARES, 0.12345678901234, 2]) {
      const value = valueAt(domain, share);
      expect(reject(domain, value), `${domainText(domain)} at ${share}`).toBeNull();
    }
  }
});

test('a value stands where the slider that made it stood, as near as its digits say', () => {
  for (const domain of domains()) {
    for (const share of SHARES) {
      const value = valueAt(domain, share);
      const again = valueAt(domain, shareOf(domain, value));
      expect(isSame(value, again), `${domainText(domain)} at ${share}: ${value.text}, ${again.text}`).toBe(
        true,
      );
    }
  }
});

test('a slider never goes back', () => {
  for (const domain of domains()) {
    const shares = SHARES.map((share) => shareOf(domain, valueAt(domain, share)));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect([shares[0], shares.at(-1)]).toEqual([0, 1]);
  }
});

test('an arrow key leads to another value of the domain, on its side, until the end', () => {
  for (const domain of domains()) {
    for (const share of [0, 0.3, 0.5, 1]) {
      const value = valueAt(domain, share);
      for (const steps of [-10, -1, 1, 10]) {
        const next = stepped(domain, value, steps);
        const about = `${domainText(domain)}: ${value.text} by ${steps} is ${next.text}`;
        expect(reject(domain, next), about).toBeNull();
        const isAtEnd = shareOf(domain, value) === (steps < 0 ? 0 : 1);
        const way = shareOf(domain, next) - shareOf(domain, value);
        expect(Math.sign(way), about).toBe(isAtEnd ? 0 : Math.sign(steps));
      }
    }
  }
});

test('arrow keys go all the way', () => {
  for (const domain of [float(0, 1), float(1e-5, 10, { log: true }), int(1, 5000, { log: true }), CHOICES]) {
    let value = valueAt(domain, 0);
    for (let i = 0; i < 300; i += 1) value = stepped(domain, value, 1);
    expect(shareOf(domain, value)).toBe(1);
  }
});

test.each([
  [float(1e-3, 1e3, { log: true }), 0.5, '1.0'],
  [float(1e-3, 1e3, { log: true }), 0.512, '1.18'],
  [float(1e-5, 1, { log: true }), 0.1, '3.16e-05'],
  [float(0, 1), 0.333, '0.335'],
  [float(0.003, 1), 0, '0.003'],
  [float(-1, 1), 0.4996, '0.0'],
  [float(0, 1e6), 0.333, '335000.0'],
  [float(0, 1, { step: 0.1 }), 0.31, '0.3'],
  [int(1, 9, { step: 3 }), 0.7, '4'],
  [int(1, 9, { step: 3 }), 0.8, '7'],
  [int(16, 256, { log: true }), 0.5, '64'],
  [CHOICES, 0.2, 'None'],
])('a slider shows round values', (domain, share, expected) => {
  expect(valueAt(domain, share).text).toBe(expected);
});

test.each([
  [float(0, 1), 0.3, 1, '0.305'],
  [float(0, 1, { step: 0.1 }), 0.3, 1, '0.4'],
  [float(0, 1, { step: 0.1 }), 0.3, -10, '0.0'],
  [float(1e-3, 1e3, { log: true }), 1, 1, '1.15'],
  [int(1, 8), 2, 1, '3'],
  [int(0, 100_000), 0, 1, '500'],
])('an arrow key goes to the next round value', (domain, from, steps, expected) => {
  const value = domain.kind === 'int' ? intValue(from) : floatValue(from);
  expect(stepped(domain, value, steps).text).toBe(expected);
});

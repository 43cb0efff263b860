/** Durations as people say them. */

function parts(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small > 0 ? `${big} ${bigUnit} ${small} ${smallUnit}` : `${big} ${bigUnit}`;
}

/** "0.4 s", "12 s", "1 min 30 s", "25 min", "2 h 5 min", "3 d 4 h". */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds < 0.001) return '< 1 ms';
  if (seconds > 0 && seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 600) return parts(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return parts(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return parts(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** Whole seconds, for a clock that ticks. */
export function elapsed(seconds: number): string {
  return duration(Math.max(0, Math.floor(seconds)));
}

/** An estimate, as coarse as it is sure. */
export function roughly(seconds: number): string {
  if (seconds < 1) return 'less than 1 s';
  if (seconds < 10) return `${Math.round(seconds)} s`;
  if (seconds < 58) return `${Math.round(seconds / 5) * 5} s`;
  return duration(Math.max(1, Math.round(seconds / 60)) * 60);
}

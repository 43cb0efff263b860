import { defineConfig } from 'vitest/config';

// A test of many cells takes seconds where several others share the machine.
export default defineConfig({
  test: { include: ['tests/**/*.test.ts'], setupFiles: ['tests/setup.ts'], testTimeout: 30_000 },
});

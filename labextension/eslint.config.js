import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Each part of src imports from those below it only; what belongs to Jupyter is for the part lab. */
const JUPYTER = ['@jupyterlab', '@lumino'];
const ABOVE = {
  language: ['editor', 'panel', 'lab', 'dom', 'messages', ...JUPYTER],
  editor: ['panel', 'lab', ...JUPYTER],
  panel: ['editor', 'lab', ...JUPYTER],
  lab: ['panel'],
};

const layers = Object.entries(ABOVE).map(([part, above]) => ({
  files: [`src/${part}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { regex: `^(\\.\\./)*(${above.join('|')})(/|$)`, message: `src/${part} imports nothing of it` },
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['node_modules/', 'lib/', 'dev/out/', 'dev/shots/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-console': 'error',
      // Numbers in template strings are what the panel is made of.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  ...layers,
  {
    files: ['*.js', '*.mjs'],
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
  },
);

import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/**
 * The house, as import rules: arrows run down, never back up. `target` may not import from `from`, save from
 * `except`.
 */
const main = (folder) => `./src/main/${folder}`;
const doors = ['desktop', 'web', 'cli', 'commands.ts', 'studio.ts', 'index.ts'].map(main);
const services = ['captions', 'decide', 'exports', 'jobs', 'library', 'models', 'sketch', 'store', 'stories'];

/** What each service may import besides itself, `src/shared` and the files that lie directly in `src/main`. */
const mayUse = {
  store: [],
  sketch: [],
  models: [],
  decide: ['sketch', 'models'],
  jobs: ['store'],
  library: ['store', 'jobs', 'sketch'],
  captions: ['store', 'jobs', 'library', 'models'],
  stories: ['store', 'jobs', 'library', 'sketch', 'models', 'decide'],
  exports: ['store', 'jobs', 'library', 'stories', 'sketch'],
};

const zones = [
  { target: './src/shared', from: ['./src/main', './src/preload', './src/renderer'] },
  { target: './src/renderer', from: ['./src/main', './src/preload'] },
  { target: './src/preload', from: ['./src/main', './src/renderer'] },
  { target: './src/main', from: ['./src/renderer', './src/preload'] },
  ...services.map((service) => ({
    target: main(service),
    from: [
      ...doors,
      ...services.filter((other) => other !== service && !mayUse[service].includes(other)).map(main),
    ],
    message: `src/main/${service} may use ${['src/shared', ...mayUse[service].map((other) => `src/main/${other}`)].join(', ')}.`,
  })),
  { target: [main('studio.ts'), main('commands.ts')], from: ['desktop', 'web', 'cli', 'index.ts'].map(main) },
  { target: main('web'), from: [main('desktop'), main('cli')] },
  { target: main('desktop'), from: [main('web'), main('cli')] },
];

export default ts.config(
  { ignores: ['out', 'dist', 'node_modules', 'resources', 'training/work', 'fabula-demo'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...ts.configs.stylistic,
  ...svelte.configs.recommended,
  {
    plugins: { 'import-x': importX },
    languageOptions: { globals: { ...globals.node } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-default-export': 'error',
      'no-restricted-imports': [
        'error',
        { paths: [{ name: 'electron', message: 'Only src/main/desktop may.' }] },
      ],
      eqeqeq: 'error',
      'no-console': 'error',
      // The compiler reports unused private members, and knows that a timer is used by being set.
      'no-unused-private-class-members': 'off',
      // An index into a list of known length reads better with `!` than with a test that can never fail.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    files: ['src/main/desktop/**', 'src/main/index.ts', 'src/preload/**', 'tests/**'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
    rules: {
      // The compiler and svelte-check know a component's names better than ESLint does.
      'no-undef': 'off',
      'prefer-const': 'off',
      'svelte/prefer-const': 'error',
      // Maps, sets and dates are held in `$state.raw` and replaced, never mutated in place.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  { files: ['src/renderer/**'], languageOptions: { globals: { ...globals.browser } } },
  {
    // Tool configuration is read by its default export; scripts and benchmarks speak to a terminal.
    files: [
      '*.config.*',
      'scripts/**',
      'bench/**',
      'training/**',
      'tests/**',
      'src/main/cli/**',
      'src/main/index.ts',
    ],
    rules: { 'import-x/no-default-export': 'off', 'no-console': 'off' },
  },
  { files: ['**/*.ts'], rules: { 'no-undef': 'off' } },
);

import tseslint from 'typescript-eslint'

// Ambient inputs make a run unrepeatable; they come in through base/ports.ts.
const ambient = [
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'process',
  'console',
  'performance',
]

const ambientMessage = 'Ambient; take it from World (base/ports.ts).'

export default tseslint.config(
  { ignores: ['dist', '**/*.js', '**/*.cjs', '**/*.mjs', '**/*.d.ts'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // an unawaited write is lost data
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      // a new verdict or dataset must be handled everywhere
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allow: [{ name: 'bigint', from: 'lib' }] },
      ],
      // async generators and port implementations keep one shape, whether or not they wait
      '@typescript-eslint/require-await': 'off',
      'no-duplicate-imports': ['error', { allowSeparateTypeImports: false }],
    },
  },
  {
    files: ['src/**'],
    rules: {
      // a function fits on a screen
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 320 }],
      'max-params': ['error', 4],
    },
  },
  {
    files: ['test/**'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['src/**'],
    ignores: ['src/node/**', 'src/cloud/**', 'src/cli/**', 'src/simulator/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...ambient.map((name) => ({ name, message: ambientMessage })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: ambientMessage },
        { object: 'Date', property: 'now', message: ambientMessage },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: ambientMessage,
        },
      ],
    },
  },
)

export { default } from '@bitgrad/tooling/eslint';

// Long files begin first, then slow ones: a file that begins last has the machine for itself while all else has ended.
import { BaseSequencer } from 'vitest/node';

const among = ({ project, moduleId }, list) =>
  project.config.provide[list]?.some((file) => moduleId.endsWith(`/${file}`)) ?? false;
const rank = (file) => (among(file, 'long') ? 0 : among(file, 'slow') ? 1 : 2);

export default class LongFirst extends BaseSequencer {
  async sort(files) {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

// Long files begin first: one that begins last has the machine for itself while all else has ended.
import { BaseSequencer } from 'vitest/node';

const isLong = ({ project, moduleId }) =>
  project.config.provide.long?.some((file) => moduleId.endsWith(`/${file}`)) ?? false;

export default class LongFirst extends BaseSequencer {
  async sort(files) {
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

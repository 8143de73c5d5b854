// Attributes that a file may leave out.

/** What an absent attribute stands for. */
export const attributeDefaults: Readonly<Record<string, unknown>> = {
  strides: [1, 1],
  dilations: [1, 1],
  pads: [0, 0, 0, 0],
  padValue: 0,
  shift: 0,
  groups: 1,
};

/** Whether an attribute has the value that its absence stands for. */
export const isDefault = (attribute: string, value: unknown): boolean =>
  Object.hasOwn(attributeDefaults, attribute) &&
  JSON.stringify(value) === JSON.stringify(attributeDefaults[attribute]);

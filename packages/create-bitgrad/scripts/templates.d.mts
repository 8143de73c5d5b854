export function withVersions(text: string): string;
export function writeTemplates(from: string, to: string): void;

export declare function buildOnce(what: string, build: () => Promise<void>): Promise<void>;

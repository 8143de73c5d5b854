export declare const hostsFolder: string;
export declare const hostPackages: (all?: boolean) => Record<string, string>;
export declare const findHost: (name: string) => string | undefined;

export declare const packageFlags: readonly string[];
export declare const commandWords: readonly string[];

export declare const built: boolean;
export declare const packageFlags: readonly string[];
export declare const commandWords: readonly string[];

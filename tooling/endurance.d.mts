export declare function amount<T>(amounts: { test: T; ci?: T; full?: T; variable?: string }): T;
export declare const full: boolean;
export declare const long: boolean;
export declare const cycles: number;

export declare function amount<T>(amounts: { test: T; ci?: T; full?: T; variable?: string }): T;
export declare const cycles: number;

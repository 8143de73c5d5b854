export declare const endurance: boolean;
export declare const cycles: number;

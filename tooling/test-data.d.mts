export declare function testData(name: string): { folder: string; missing: string };
export declare function unpacked(folder: string): string;

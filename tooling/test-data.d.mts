export declare function testData(name: string): { folder: string; missing: string };

export declare function testData(name: string): { folder: string; missing: string };
export declare function unpacker(): (folder: string) => string;

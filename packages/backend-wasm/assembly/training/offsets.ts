// Offsets of the vectors of 32 numbers, as types: `offsetof<At48>()` is 48. A load's constant offset becomes part of the instruction,
// while `address + 48`, which could wrap around, is an instruction of its own; AssemblyScript takes constants only, and of an inlined
// function's parameters only types are.
@unmanaged export class At0 {}
@unmanaged export class At16 extends At0 { v16: v128; }
@unmanaged export class At32 extends At16 { v32: v128; }
@unmanaged export class At48 extends At32 { v48: v128; }
@unmanaged export class At64 extends At48 { v64: v128; }
@unmanaged export class At80 extends At64 { v80: v128; }
@unmanaged export class At96 extends At80 { v96: v128; }
@unmanaged export class At112 extends At96 { v112: v128; }

// The parts of onnx.proto3 (ONNX 1.13) that are read and written, with the field numbers of that file.
import protobuf from 'protobufjs';

const schema = `
syntax = "proto3";
message Attribute { string name = 1; float f = 2; int64 i = 3; bytes s = 4; Tensor t = 5; repeated float floats = 7; repeated int64 ints = 8; repeated bytes strings = 9; int32 type = 20; }
message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated Attribute attribute = 5; string domain = 7; }
message Tensor { repeated int64 dims = 1; int32 data_type = 2; repeated float float_data = 4; repeated int32 int32_data = 5; repeated int64 int64_data = 7; string name = 8; bytes raw_data = 9; repeated double double_data = 10; repeated uint64 uint64_data = 11; int32 data_location = 14; }
message Dimension { int64 dim_value = 1; string dim_param = 2; }
message Shape { repeated Dimension dim = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Type { TensorType tensor_type = 1; }
message ValueInfo { string name = 1; Type type = 2; }
message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
message OperatorSet { string domain = 1; int64 version = 2; }
message Property { string key = 1; string value = 2; }
message Model { int64 ir_version = 1; string producer_name = 2; Graph graph = 7; repeated OperatorSet opset_import = 8; repeated Property metadata_props = 14; }
`;

/** 64-bit integers as protobufjs gives them, with or without its Long. */
export type Int = number | { toNumber(): number };

/** A 64-bit integer as a number. */
export const intOf = (value: Int): number => (typeof value === 'number' ? value : value.toNumber());

/** A tensor of a file. */
export interface TensorProto {
  dims: Int[];
  data_type: number;
  float_data: number[];
  int32_data: number[];
  int64_data: Int[];
  name: string;
  raw_data: Uint8Array;
  double_data: number[];
  uint64_data: Int[];
  data_location: number;
}

/** An attribute of a node. */
export interface AttributeProto {
  name: string;
  f: number;
  i: Int;
  s: Uint8Array;
  t: TensorProto | null;
  floats: number[];
  ints: Int[];
  type: number;
}

/** A node of a file. */
export interface NodeProto {
  input: string[];
  output: string[];
  name: string;
  op_type: string;
  attribute: AttributeProto[];
  domain: string;
}

/** An input or output. */
export interface ValueProto {
  name: string;
  type: { tensor_type: { elem_type: number; shape: { dim: { dim_value: Int; dim_param: string }[] } | null } | null } | null; // prettier-ignore
}

/** A file. */
export interface ModelProto {
  ir_version: Int;
  graph: {
    name: string;
    node: NodeProto[];
    initializer: TensorProto[];
    input: ValueProto[];
    output: ValueProto[];
  } | null;
  opset_import: { domain: string; version: Int }[];
  metadata_props: { key: string; value: string }[];
}

let found: protobuf.Type | undefined;

/** The message of a file; made when it is first needed. */
export const modelType = (): protobuf.Type =>
  (found ??= protobuf.parse(schema, { keepCase: true }).root.lookupType('Model'));

"""A narrow CNV of binary weights and activations in Brevitas, exported to QONNX, with the integer sums of its last layer.

Usage: brevitas_cnv.py FOLDER [COUNT]
Needs brevitas==0.13.*, torch, onnx and onnxscript. Writes cnv.onnx.gz and cnv.json into FOLDER; `BITGRAD_CNV=FOLDER npx vitest run
test/brevitas.test.ts` in packages/importer compares them. Inputs are those of larq_models.py, in NHWC order.
"""
import gzip, json, os, sys
import numpy as np
import torch
import torch.nn as nn
from brevitas.export import export_qonnx
from brevitas.nn import QuantConv2d, QuantIdentity, QuantLinear
from brevitas.quant.binary import SignedBinaryActPerTensorConst, SignedBinaryWeightPerTensorConst

folder = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 4
os.makedirs(folder, exist_ok=True)
torch.manual_seed(3)
torch.set_num_threads(1)


class Weight(SignedBinaryWeightPerTensorConst):
    scaling_const = 1.0


class Act(SignedBinaryActPerTensorConst):
    scaling_const = 1.0
    min_val, max_val = -1.0, 1.0


def inputs(shape, n):
    size = int(np.prod(shape))
    i = np.arange(n * size, dtype=np.int64)
    return (((i * 37 + (i // size) * 101 + (i * i) % 23) % 65 - 32) / 16).astype("float32").reshape(n, *shape)


def stage(a, b, pool):
    parts = [QuantConv2d(a, b, 3, bias=False, weight_quant=Weight), nn.BatchNorm2d(b, eps=1e-4), QuantIdentity(act_quant=Act)]
    return parts + ([nn.MaxPool2d(2)] if pool else [])


def dense(a, b):
    return [QuantLinear(a, b, bias=False, weight_quant=Weight), nn.BatchNorm1d(b, eps=1e-4), QuantIdentity(act_quant=Act)]


# The first convolution takes signs too, so that every sum is one of +-1.
widths = [(3, 8, False), (8, 8, True), (8, 12, False), (12, 12, True), (12, 16, False), (16, 16, False)]
model = nn.Sequential(QuantIdentity(act_quant=Act), *[layer for w in widths for layer in stage(*w)], nn.Flatten(), *dense(16, 24), *dense(24, 24), QuantLinear(24, 10, bias=False, weight_quant=Weight))
for m in model.modules():
    if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
        m.running_mean.normal_(0, 2)
        m.running_var.uniform_(1, 20)
        m.weight.data.normal_()
        m.bias.data.normal_()
model.eval()
x = torch.tensor(inputs((32, 32, 3), count)).permute(0, 3, 1, 2)
with torch.no_grad():
    y = torch.cat([model(row[None]) for row in x])
path = os.path.join(folder, "cnv.onnx")
export_qonnx(model, args=x[:1], export_path=path, dynamo=False)
with open(path, "rb") as plain, open(f"{path}.gz", "wb") as file:
    file.write(gzip.compress(plain.read(), 9, mtime=0))
os.remove(path)
with open(os.path.join(folder, "cnv.json"), "w") as file:
    json.dump({"shape": [32, 32, 3], "outputs": y.tolist()}, file)

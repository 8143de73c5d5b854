"""Published binary networks in PyTorch, narrow and with random weights, or with those of a checkpoint, and what they answer.

Usage: pytorch_models.py FOLDER                       writes NAME.safetensors.gz of each architecture and answers.json
       pytorch_models.py FOLDER adabin CHECKPOINT N   writes adabin.safetensors and answers.json of a published checkpoint
Needs torch and safetensors. The definitions are made again from the papers (arXiv 2208.08084, 1909.10788, 1808.00278,
2003.03488), with the names of the authors' code. Inputs as in larq_models.py, in NHWC order.
"""
import gzip, json, os, sys
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save, save_file

torch.manual_seed(11)
torch.set_num_threads(1)
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def inputs(shape, n):
    size = int(np.prod(shape))
    i = np.arange(n * size, dtype=np.int64)
    return (((i * 37 + (i // size) * 101 + (i * i) % 23) % 65 - 32) / 16).astype("float32").reshape(n, *shape)


def option_a(x, planes):
    missing = planes - x.shape[1]
    return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, missing // 2, missing - missing // 2))


class Levels(nn.Module):
    def __init__(self):
        super().__init__()
        self.alpha_a, self.beta_a = nn.Parameter(torch.tensor(0.75)), nn.Parameter(torch.tensor(0.125))

    def forward(self, x):
        return self.alpha_a * (torch.sign((x - self.beta_a) / self.alpha_a) + self.beta_a)


class AdaBinConv(nn.Conv2d):
    def __init__(self, a, b, stride):
        super().__init__(a, b, 3, stride, 1, bias=False)
        self.binary_a = Levels()

    def forward(self, x):
        mean = self.weight.mean((1, 2, 3), keepdim=True)
        size = (self.weight - mean).pow(2).mean((1, 2, 3), keepdim=True).sqrt()
        return F.conv2d(self.binary_a(x), torch.sign(self.weight - mean) * size + mean, None, self.stride, 1)


class Maxout(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.neg_scale, self.pos_scale = nn.Parameter(torch.full((c,), 0.25)), nn.Parameter(torch.ones(c))

    def forward(self, x):
        return self.pos_scale.view(1, -1, 1, 1) * F.relu(x) - self.neg_scale.view(1, -1, 1, 1) * F.relu(-x)


class IrConv(nn.Conv2d):
    def __init__(self, a, b, stride):
        super().__init__(a, b, 3, stride, 1, bias=False)

    def forward(self, x):
        w = self.weight.flatten(1)
        w = (w - w.mean(1, keepdim=True)) / w.std(1, keepdim=True)
        scale = 2 ** torch.round(torch.log2(w.abs().mean(1, keepdim=True)))
        return F.conv2d(torch.sign(x), (torch.sign(w) * scale).view_as(self.weight), None, self.stride, 1)


class Block20(nn.Module):
    def __init__(self, conv, act, a, b, stride):
        super().__init__()
        self.conv1, self.bn1, self.nonlinear1 = conv(a, b, stride), nn.BatchNorm2d(b), act(b)
        self.conv2, self.bn2, self.nonlinear2 = conv(b, b, 1), nn.BatchNorm2d(b), act(b)
        self.stride, self.planes = stride, b

    def forward(self, x):
        y = self.bn1(self.conv1(x)) + (x if self.stride == 1 else option_a(x, self.planes))
        y = self.nonlinear1(y)
        return self.nonlinear2(self.bn2(self.conv2(y)) + y)


class ResNet20(nn.Module):
    def __init__(self, conv, act, widths, classes):
        super().__init__()
        w = widths[0]
        self.conv1, self.bn1, self.nonlinear1 = nn.Conv2d(3, w, 3, 1, 1, bias=False), nn.BatchNorm2d(w), act(w)
        for i, b in enumerate(widths):
            blocks = [Block20(conv, act, w if k == 0 else b, b, 2 if i and k == 0 else 1) for k in range(3)]
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
            w = b
        self.bn2, self.linear = nn.BatchNorm1d(w), nn.Linear(w, classes)

    def forward(self, x):
        x = self.nonlinear1(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(self.bn2(x.mean((2, 3))))


class BinaryConv(nn.Module):
    def __init__(self, a, b, k, stride, padding, column=False):
        super().__init__()
        self.shape, self.stride, self.padding = (b, a, k, k), stride, padding
        w = nn.Parameter(torch.randn(self.shape).view(-1, 1) if column else torch.randn(self.shape))
        setattr(self, "weights" if column else "weight", w)

    def forward(self, x):
        w = (self.weights if hasattr(self, "weights") else self.weight).view(self.shape)
        return F.conv2d(torch.sign(x), w.abs().mean((1, 2, 3), keepdim=True) * torch.sign(w), None, self.stride, self.padding)


class BirealBlock(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.binary_conv, self.bn1 = BinaryConv(a, b, 3, stride, 1, column=True), nn.BatchNorm2d(b)
        self.downsample = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b)) if a != b else None

    def forward(self, x):
        return self.bn1(self.binary_conv(x)) + (x if self.downsample is None else self.downsample(x))


class Bireal18(nn.Module):
    def __init__(self, widths, classes):
        super().__init__()
        w = widths[0]
        self.conv1, self.bn1 = nn.Conv2d(3, w, 7, 2, 3, bias=False), nn.BatchNorm2d(w)
        for i, b in enumerate(widths):
            setattr(self, f"layer{i + 1}", nn.Sequential(*[BirealBlock(w if k == 0 else b, b, 2 if i and k == 0 else 1) for k in range(4)]))
            w = b
        self.fc = nn.Linear(w, classes)

    def forward(self, x):
        x = F.max_pool2d(self.bn1(self.conv1(x)), 3, 2, 1)
        return self.fc(self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3)))


class Move(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(1, c, 1, 1))

    def forward(self, x):
        return x + self.bias


class ReactBlock(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.move11, self.binary_3x3, self.bn1 = Move(a), BinaryConv(a, a, 3, stride, 1), nn.BatchNorm2d(a)
        self.move12, self.prelu1, self.move13, self.move21 = Move(a), nn.PReLU(a), Move(a), Move(a)
        if a == b:
            self.binary_pw, self.bn2 = BinaryConv(a, b, 1, 1, 0), nn.BatchNorm2d(b)
        else:
            self.binary_pw_down1, self.binary_pw_down2 = BinaryConv(a, a, 1, 1, 0), BinaryConv(a, a, 1, 1, 0)
            self.bn2_1, self.bn2_2 = nn.BatchNorm2d(a), nn.BatchNorm2d(a)
        self.move22, self.prelu2, self.move23 = Move(b), nn.PReLU(b), Move(b)
        self.stride, self.same = stride, a == b

    def forward(self, x):
        y = self.bn1(self.binary_3x3(self.move11(x))) + (F.avg_pool2d(x, 2, 2) if self.stride == 2 else x)
        y = self.move13(self.prelu1(self.move12(y)))
        s = self.move21(y)
        if self.same:
            z = self.bn2(self.binary_pw(s)) + y
        else:
            z = torch.cat([self.bn2_1(self.binary_pw_down1(s)) + y, self.bn2_2(self.binary_pw_down2(s)) + y], 1)
        return self.move23(self.prelu2(self.move22(z)))


class Stem(nn.Module):
    def __init__(self, b):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, b, 3, 2, 1, bias=False), nn.BatchNorm2d(b)

    def forward(self, x):
        return self.bn1(self.conv1(x))


class ReactNet(nn.Module):
    def __init__(self, unit, classes):
        super().__init__()
        widths = [unit, 2 * unit, *[4 * unit] * 2, *[8 * unit] * 2, *[16 * unit] * 6, *[32 * unit] * 2]
        blocks = [ReactBlock(a, b, 2 if a != b and i > 0 else 1) for i, (a, b) in enumerate(zip(widths, widths[1:]))]
        self.feature, self.fc = nn.Sequential(Stem(unit), *blocks), nn.Linear(widths[-1], classes)

    def forward(self, x):
        return self.fc(self.feature(x).mean((2, 3)))


def settle(model):
    """Random weights, multiples of 1/32, so that a file of float16 holds them exactly and compresses well."""
    for name, t in list(model.named_parameters()) + list(model.named_buffers()):
        if t.dtype.is_floating_point:
            r = torch.randn(t.shape) * (0.5 if t.dim() > 1 else 0.3) + (1 if name.endswith(("bn1.weight", "bn2.weight", "scale", "alpha_a")) else 0)
            r = r.abs() + 0.25 if name.endswith("running_var") else r
            t.data = torch.where(torch.round(r * 32) == 0, torch.ones(()), torch.round(r * 32)) / 32
    return model.eval()


def answers(model, shape, n):
    """In float64: in float32 the sign of a sum that is 0 but for rounding may be another."""
    x = torch.tensor(inputs(shape, n)).permute(0, 3, 1, 2).double()
    model.double()
    with torch.no_grad():
        return {"shape": list(shape), "outputs": [model(row[None])[0].tolist() for row in x]}


if len(sys.argv) > 2:
    model = ResNet20(AdaBinConv, Maxout, [16, 32, 64], 10)
    state = torch.load(sys.argv[3], map_location="cpu", weights_only=True)["state_dict"]
    model.load_state_dict({k.removeprefix("module."): v for k, v in state.items()})
    save_file({k: v.contiguous() for k, v in state.items()}, os.path.join(folder, "adabin-resnet20.safetensors"))
    result = {"adabin-resnet20": answers(model.eval(), (32, 32, 3), int(sys.argv[4]))}
else:
    models = {
        "adabin-resnet20": (ResNet20(AdaBinConv, Maxout, [4, 6, 8], 5), 16),
        "resnet20-irnet": (ResNet20(IrConv, lambda _: nn.Hardtanh(), [4, 6, 8], 5), 16),
        "birealnet18": (Bireal18([4, 6, 8, 10], 5), 32),
        "reactnet-a": (ReactNet(1, 5), 32),
    }
    result = {}
    for name, (model, size) in models.items():
        settle(model)
        state = {k: v.half() if v.dtype.is_floating_point else v for k, v in model.state_dict().items()}
        with open(os.path.join(folder, f"{name}.safetensors.gz"), "wb") as file:
            file.write(gzip.compress(save(state), 9, mtime=0))
        result[name] = answers(model, (size, size, 3), 2)
with open(os.path.join(folder, "answers.json"), "w") as file:
    json.dump(result, file)

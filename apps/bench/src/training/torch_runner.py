"""Trains one net in PyTorch in the form that is fastest, in portions, as its parent asks: JSON lines on stdin and stdout.

Arguments: net, threads, batch, height, width, channels, factor on the channels of every hidden layer.
"""
import copy
import json
import math
import resource
import statistics
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)


class Sign(torch.autograd.Function):
    """sign(x) forward, the gradient where |x| <= 1."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient * (x.abs() <= 1)


sign = Sign.apply


class BinaryConv(nn.Conv2d):
    """A 3x3 convolution with binary weights and, but for the first layer, a binary input."""

    def __init__(self, inputs, outputs, stride=1, binary_input=True):
        super().__init__(inputs, outputs, 3, stride, 1, bias=False)
        self.binary_input = binary_input

    def forward(self, x):
        return F.conv2d(sign(x) if self.binary_input else x, sign(self.weight), None, self.stride, self.padding)


class Residual(nn.Module):
    """x + BatchNorm(conv(sign(x))); a shortcut of average, 1x1 convolution and BatchNorm where the size halves."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(BinaryConv(inputs, outputs, stride), nn.BatchNorm2d(outputs))
        self.shortcut = (
            nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
            if stride > 1
            else nn.Identity()
        )

    def forward(self, x):
        return self.shortcut(x) + self.body(x)


def of(count):
    """A channel count times the factor, as @bitgrad/models rounds it."""
    return max(1, math.floor(count * factor + 0.5))


def cnn():
    a, b = of(32), of(64)
    return nn.Sequential(
        BinaryConv(channels, a, binary_input=False), nn.MaxPool2d(2), nn.BatchNorm2d(a),
        BinaryConv(a, b), nn.MaxPool2d(2), nn.BatchNorm2d(b),
        BinaryConv(b, b), nn.BatchNorm2d(b),
        nn.Flatten(), nn.LazyLinear(10),
    )


def vgg_small():
    first = of(128)
    layers = [nn.Conv2d(channels, first, 3, 1, 1, bias=False), nn.BatchNorm2d(first)]
    inputs = first
    for i, outputs in enumerate(map(of, [128, 256, 256, 512, 512])):
        layers.append(BinaryConv(inputs, outputs))
        if i % 2 == 0:
            layers.append(nn.MaxPool2d(2))
        layers.append(nn.BatchNorm2d(outputs))
        inputs = outputs
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))


def resnet20():
    first = of(16)
    layers = [nn.Conv2d(channels, first, 3, 1, 1, bias=False), nn.BatchNorm2d(first)]
    inputs = first
    for stage, outputs in enumerate(map(of, [16, 32, 64])):
        for i in range(6):
            layers.append(Residual(inputs, outputs, 2 if stage > 0 and i == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, 10))


name, threads, batch, height, width, channels, factor = sys.argv[1], *map(int, sys.argv[2:7]), float(sys.argv[7])
torch.set_num_threads(threads)
base = {"cnn": cnn, "vgg-small": vgg_small, "resnet20": resnet20}[name]()
images = torch.randn(batch, channels, height, width)
with torch.no_grad():
    base(images)  # decides the inputs of the last layer
labels = torch.arange(batch) % 10


def trainer(prepare, images):
    """A function that trains a copy of the net by one step, and returns its times in milliseconds and the loss."""
    net = prepare(copy.deepcopy(base))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)

    def step():
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images), labels)
        forward = time.perf_counter()
        loss.backward()
        backward = time.perf_counter()
        optimizer.step()
        end = time.perf_counter()
        times = {"forward": forward - start, "backward": backward - forward, "optimizer": end - backward}
        return {key: 1000 * value for key, value in times.items()}, loss.item()

    return step


last = torch.channels_last
forms = {
    "default": lambda: trainer(lambda net: net, images),
    "channels_last": lambda: trainer(lambda net: net.to(memory_format=last), images.to(memory_format=last)),
    "compile": lambda: trainer(torch.compile, images),
}


def fastest():
    """The step of the fastest form, and what was found of all. Forms take turns, so that a slow phase hits all."""
    steps, notes = {}, {}
    for form, make in forms.items():
        try:
            step = make()
            for _ in range(3):
                step()
            steps[form] = step
        except Exception as error:  # torch.compile needs a C++ compiler
            notes[form] = f"{type(error).__name__}: {str(error).splitlines()[0][:100]}"
    spent = {form: [] for form in steps}
    for _ in range(6):
        for form, step in steps.items():
            for _ in range(2):
                spent[form].append(sum(step()[0].values()))
    notes |= {form: f"{batch * 1000 / statistics.median(times):.4g}" for form, times in spent.items()}
    best = min(spent, key=lambda form: statistics.median(spent[form]))
    return steps[best], f"{best}; at the start, img/s: {', '.join(f'{form} {notes[form]}' for form in forms)}"


def send(message):
    print(json.dumps(message), flush=True)


step, detail = fastest()
send({"type": "ready", "detail": f"PyTorch {torch.__version__}, {detail}"})
for line in sys.stdin:
    request = json.loads(line)
    done = [step() for _ in range(request["count"])]
    send({
        "type": "steps",
        "times": [times for times, _ in done],
        "losses": [loss for _, loss in done],
        "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "kernels": {},
    })

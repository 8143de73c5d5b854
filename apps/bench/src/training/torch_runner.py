"""Trains one net in PyTorch on one thread, in portions, as its parent asks: lines of JSON on stdin and stdout."""
import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
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


def cnn():
    return nn.Sequential(
        BinaryConv(1, 32, binary_input=False), nn.MaxPool2d(2), nn.BatchNorm2d(32),
        BinaryConv(32, 64), nn.MaxPool2d(2), nn.BatchNorm2d(64),
        BinaryConv(64, 64), nn.BatchNorm2d(64),
        nn.Flatten(), nn.Linear(64 * 49, 10),
    )


def vgg_small():
    layers = [nn.Conv2d(3, 128, 3, 1, 1, bias=False), nn.BatchNorm2d(128)]
    channels = 128
    for i, width in enumerate([128, 256, 256, 512, 512]):
        layers.append(BinaryConv(channels, width))
        if i % 2 == 0:
            layers.append(nn.MaxPool2d(2))
        layers.append(nn.BatchNorm2d(width))
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(512 * 16, 10))


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)]
    channels = 16
    for stage, width in enumerate([16, 32, 64]):
        for i in range(6):
            layers.append(Residual(channels, width, 2 if stage > 0 and i == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


name, batch, height, width, channels = sys.argv[1], *map(int, sys.argv[2:6])
net = {"cnn": cnn, "vgg-small": vgg_small, "resnet20": resnet20}[name]()
optimizer = torch.optim.Adam(net.parameters(), 1e-3)
images = torch.randn(batch, channels, height, width)
labels = torch.arange(batch) % 10


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


def send(message):
    print(json.dumps(message), flush=True)


send({"type": "ready", "detail": "PyTorch " + torch.__version__})
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

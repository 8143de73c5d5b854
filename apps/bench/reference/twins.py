"""The same networks, weights, batches and optimizers as a bitgrad run exported, in PyTorch.

Usage: twins.py FOLDER float32|float64
FOLDER has twin.json and *.bin as src/twins/export.ts writes them. Prints one JSON object: the loss of each step, how many
signs of latent kernels the step changed, how far the first step of each weight is from bitgrad's, and the accuracy on the test
images.
"""
import json, math, os, sys
import numpy as np
import torch
import torch.nn.functional as F

folder, precision = sys.argv[1:3]
torch.set_num_threads(1)
dtype = getattr(torch, precision)
twin = json.load(open(os.path.join(folder, "twin.json")))


def read(name, kind="<f4"):
    """A file's numbers, in memory where they are looked at."""
    return np.memmap(os.path.join(folder, f"{name}.bin"), kind, "r")


def weights(values):
    """By name, as PyTorch has them."""
    found = {}
    for entry in twin["weights"]:
        shape, offset = entry["shape"], entry["offset"]
        value = values[offset : offset + math.prod(shape)].reshape(shape)
        # Convolutions: height, width, in, out -> out, in, height, width.
        value = value.transpose(3, 2, 0, 1) if len(shape) == 4 else value
        found[entry["name"]] = torch.tensor(np.ascontiguousarray(value), dtype=dtype)
    return found


W = {name: w.requires_grad_() for name, w in weights(read("weights")).items()}
quantizer = twin["quantizer"]


class Sign(torch.autograd.Function):
    """+1 from 0 on; backward 1, or FDA's derivative of the square wave's series, up to |x| = 1."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0).to(x.dtype)

    @staticmethod
    def backward(context, dy):
        (x,) = context.saved_tensors
        if quantizer["name"] == "fda":
            n, omega = quantizer["n"], quantizer["omega"]
            dy = dy * 4 * omega / math.pi * sum(torch.cos((2 * i + 1) * omega * x) for i in range(n + 1))
        return dy * (x.abs() <= 1)


def kernel(name):
    return Sign.apply(W[f"{name}/kernel"])


def scale(name):
    """Of a sum of signs, which is an exact integer: a sum of scaled signs is not exactly 0 where that is, and PReLU's slope at 0
    is then that of a rounding."""
    return W[f"{name}/kernel"].detach().abs().mean() if quantizer["scale"] == "layer" else 1


averages, training = {}, True


def norm(x, name):
    """With averages of mean and of biased variance, as bitgrad's move."""
    gamma, beta = W[f"{name}/gamma"], W[f"{name}/beta"]
    if not training:
        return F.batch_norm(x, *averages[name], gamma, beta, False, 0.0, 1e-5)
    with torch.no_grad():
        axes = [axis for axis in range(x.dim()) if axis != 1]
        now = (x.mean(axes), x.var(axes, correction=0))
        before = averages.get(name, (torch.zeros_like(now[0]), torch.ones_like(now[1])))
        averages[name] = tuple(0.9 * old + 0.1 * new for old, new in zip(before, now))
    return F.batch_norm(x, None, None, gamma, beta, True, 0.0, 1e-5)


def conv(x, name, stride=1):
    return F.conv2d(x, kernel(name), None, stride, 1) * scale(name)


def dense(x, name):
    return x @ kernel(name) * scale(name)


def option_a(x, channels, both):
    missing = channels - x.shape[1]
    before = missing // 2 if both else 0
    return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, before, missing - before))


def flat(x):
    """In bitgrad's order: channels last."""
    return x.permute(0, 2, 3, 1).flatten(1)


def tfc(x):
    x = flat(x)
    for i in (1, 2, 3):
        x = norm(dense(Sign.apply(x), f"dense{i}"), f"bn{i}")
    return norm(dense(Sign.apply(x), "logits"), "logits_bn")


def cnn(x):
    x = norm(F.max_pool2d(conv(x, "conv1"), 2), "bn1")
    x = norm(F.max_pool2d(conv(Sign.apply(x), "conv2"), 2), "bn2")
    x = norm(conv(Sign.apply(x), "conv3"), "bn3")
    return norm(dense(Sign.apply(flat(x)), "logits"), "logits_bn")


def head(x):
    return x @ W["logits/kernel"] + W["logits/bias"]


def blocks():
    for stage in (1, 2, 3):
        for block in (1, 2, 3):
            yield f"stage{stage}_block{block}", 2 if stage > 1 and block == 1 else 1


def stem(x):
    return norm(F.conv2d(x, W["stem/kernel"], None, 1, 1), "stem_bn")


def resnet20_fda(x):
    def half(x, name, stride):
        return norm(F.prelu(conv(Sign.apply(x), name, stride), W[f"{name}_prelu/alpha"].flatten()), f"{name}_bn")

    x = stem(x)
    for name, stride in blocks():
        y = half(half(x, f"{name}_conv1", stride), f"{name}_conv2", 1)
        x = (x if stride == 1 else option_a(x, y.shape[1], False)) + y
    return head(F.relu(x).mean((2, 3)))


def resnet20_irnet(x):
    x = F.hardtanh(stem(x))
    for name, stride in blocks():
        for part, step in (("conv1", stride), ("conv2", 1)):
            y = norm(conv(Sign.apply(x), f"{name}_{part}", step), f"{name}_{part}_bn")
            x = F.hardtanh((x if step == 1 else option_a(x, y.shape[1], True)) + y)
    return head(norm(x.mean((2, 3)), "average_bn"))


net = {"tfc": tfc, "cnn": cnn, "resnet20-fda": resnet20_fda, "resnet20-irnet": resnet20_irnet}[twin["model"]]
parameters, rates = list(W.values()), twin["rates"]
if twin["optimizer"] == "adam":
    optimizer = torch.optim.Adam(parameters, rates[0], eps=twin["epsilon"])
else:
    optimizer = torch.optim.SGD(parameters, rates[0], momentum=0.9)
latent = [W[name] for name in twin["latent"]]
start, after = weights(read("weights")), weights(read("after"))


def updates():
    """Of each weight, how far bitgrad's first step is from this one's, as a share of this one's length."""
    with torch.no_grad():
        return {name: ((w - after[name]).norm() / (w - start[name]).norm().clamp_min(1e-30)).item() for name, w in W.items()}


def batches(prefix, sizes):
    images, labels, at = read(f"{prefix}images").reshape(-1, *twin["shape"]), read(f"{prefix}labels", "<i4"), 0
    for size in sizes:
        x = torch.tensor(images[at : at + size], dtype=dtype).permute(0, 3, 1, 2)
        yield x.contiguous(), torch.tensor(labels[at : at + size], dtype=torch.long)
        at += size


losses, flips, first = [], [], {}
for rate, (x, y) in zip(rates, batches("", twin["sizes"])):
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    before = [w >= 0 for w in latent]
    optimizer.step()
    with torch.no_grad():
        for w in latent:
            w.clamp_(-1, 1) if twin["clip"] else None
    flips.append(sum(int(((w >= 0) != sign).sum()) for w, sign in zip(latent, before)))
    first = first or updates()
    losses.append(loss.item())
training = False
with torch.no_grad():
    right = sum(int((net(x).argmax(1) == y).sum()) for x, y in batches("test-", twin["testSizes"]))
print(json.dumps({"losses": losses, "flips": flips, "updates": first, "accuracy": right / sum(twin["testSizes"]), "torch": torch.__version__}))

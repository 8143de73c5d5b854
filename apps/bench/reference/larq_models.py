"""Small networks trained for a few steps in Larq, saved as Keras saves them, with what they answer.

Usage: larq_models.py FOLDER [COUNT]
Needs tensorflow-cpu==2.15.* and larq==0.13.3 (Python 3.11). Writes models into FOLDER, compressed by gzip, and into
FOLDER/answers.json the outputs for inputs that follow from a formula (`inputs` below). The fixtures of packages/importer are those for the default COUNT
of 3; with 1000, `BITGRAD_KERAS=FOLDER npx vitest run test/keras.test.ts` there compares as many.
"""
import glob, gzip, json, os, sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import larq as lq
import numpy as np
import tensorflow as tf

folder = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 3
os.makedirs(folder, exist_ok=True)
tf.keras.utils.set_random_seed(7)
L, Q = tf.keras.layers, lq.layers
binary = dict(input_quantizer="ste_sign", kernel_quantizer="ste_sign", kernel_constraint="weight_clip")


def inputs(shape, n):
    """Multiples of 1/16 between -2 and 2, zeros among them: exact in float32 and easy to repeat."""
    size = int(np.prod(shape))
    i = np.arange(n * size, dtype=np.int64)
    return (((i * 37 + (i // size) * 101 + (i * i) % 23) % 65 - 32) / 16).astype("float32").reshape(n, *shape)


def quicknet():
    """The pattern of QuickNet-small: stem, residual blocks, blur-pool transitions, at a width of 8."""
    x = i = tf.keras.Input((16, 16, 3))
    x = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(x)
    x = L.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    x = L.Activation("relu")(x)
    x = L.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = L.BatchNormalization(scale=False, center=False, momentum=0.9)(x)
    x = L.Conv2D(8, 1, use_bias=False)(x)
    x = L.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)

    def block(x, filters):
        y = Q.QuantConv2D(filters, 3, activation="relu", padding="same", pad_values=1.0, use_bias=False, **binary)(x)
        return L.add([x, L.BatchNormalization(momentum=0.9, epsilon=1e-5)(y)])

    x = block(block(x, 8), 8)
    x = L.Activation("relu")(x)
    x = L.MaxPooling2D(pool_size=2, strides=1)(x)
    blur = np.outer([1, 2, 1], [1, 2, 1])[:, :, None, None] / 16 * np.ones((1, 1, 8, 1))
    x = L.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False, trainable=False, depthwise_initializer=tf.constant_initializer(blur.tolist()))(x)
    x = L.Conv2D(16, 1, use_bias=False)(x)
    x = L.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
    x = block(x, 16)
    x = L.Activation("relu")(x)
    x = L.GlobalAveragePooling2D()(x)
    x = L.Dense(5)(x)
    return tf.keras.Model(i, L.Activation("softmax", dtype="float32")(x), name="quicknet_like")


def alexnet():
    """The pattern of BinaryAlexNet: Larq's zoo has the pool before the normalization, binary dense layers and logits."""
    return tf.keras.Sequential(
        [
            Q.QuantConv2D(8, 5, strides=2, padding="same", use_bias=False, kernel_quantizer="ste_sign", kernel_constraint="weight_clip", input_shape=(16, 16, 3)),
            L.MaxPooling2D(pool_size=3, strides=2),
            L.BatchNormalization(scale=False, momentum=0.9),
            Q.QuantConv2D(12, 3, padding="same", use_bias=False, **binary),
            L.BatchNormalization(scale=False, momentum=0.9),
            Q.QuantConv2D(10, 3, padding="valid", use_bias=False, **binary),
            L.BatchNormalization(scale=False, momentum=0.9),
            L.Flatten(),
            Q.QuantDense(16, use_bias=False, **binary),
            L.BatchNormalization(scale=False, momentum=0.9),
            Q.QuantDense(5, use_bias=False, **binary),
            L.BatchNormalization(scale=False, momentum=0.9),
            L.Activation("softmax"),
        ],
        name="alexnet_like",
    )


def bireal():
    """A Bi-Real block with its downsampling shortcut, with approx_sign and magnitude-aware kernels."""
    i = tf.keras.Input((8, 8, 6))

    def conv(x, filters, strides):
        return Q.QuantConv2D(filters, 3, strides=strides, padding="same", use_bias=False, input_quantizer="approx_sign", kernel_quantizer="magnitude_aware_sign", kernel_constraint="weight_clip", kernel_initializer="glorot_normal")(x)

    x = L.add([L.BatchNormalization(momentum=0.8)(conv(i, 6, 1)), i])
    s = L.AveragePooling2D(2, strides=2, padding="same")(x)
    s = L.BatchNormalization(momentum=0.8)(L.Conv2D(10, 1, use_bias=False)(s))
    x = L.add([L.BatchNormalization(momentum=0.8)(conv(x, 10, 2)), s])
    x = L.Dense(4)(L.GlobalAveragePooling2D()(x))
    return tf.keras.Model(i, x, name="bireal_block")


def quantizers():
    """Every quantizer of Larq, on inputs and kernels that hold 0 and the thresholds."""
    q = lq.quantizers
    x = i = tf.keras.Input((6, 6, 4))
    parts = []
    for k, (a, w) in enumerate(
        [
            ("swish_sign", "swish_sign"),
            ("ste_heaviside", "ste_tern"),
            (q.SteTern(threshold_value=0.5), q.SteTern(ternary_weight_networks=True)),
            ("dorefa_quantizer", q.DoReFa(k_bit=3, mode="weights")),
            (q.DoReFa(k_bit=1), q.NoOp(precision=1)),
        ]
    ):
        y = Q.QuantConv2D(3, 3, padding="same", input_quantizer=a, kernel_quantizer=w, pad_values=0.0 if k % 2 else 1.0, name=f"conv{k}")(x)
        parts.append(L.BatchNormalization(momentum=0.8)(y))
    x = L.Concatenate()(parts)
    x = Q.QuantDepthwiseConv2D(3, depth_multiplier=2, input_quantizer="ste_sign", depthwise_quantizer="ste_sign", padding="same", pad_values=-1.0)(x)
    x = L.PReLU(shared_axes=[1, 2], alpha_initializer="random_normal")(L.BatchNormalization(momentum=0.8)(x))
    x = Q.QuantSeparableConv2D(6, 3, strides=2, input_quantizer="approx_sign", depthwise_quantizer="ste_sign", pointwise_quantizer="ste_sign")(x)
    x = Q.QuantDense(7, kernel_quantizer="ste_tern", activation="tanh")(L.Flatten()(x))
    return tf.keras.Model(i, L.Dense(4)(x), name="quantizers")


def settle(model):
    """Kernels with exact zeros and thresholds among their weights, as rounding to a grid leaves them."""
    for layer in model.layers:
        if layer.name.startswith("conv") and hasattr(layer, "kernel_quantizer"):
            w = layer.get_weights()
            w[0] = np.round(w[0] * 20) / 20  # 0 and +-0.05, the threshold of ste_tern
            layer.set_weights(w)


answers = {}
for make, formats in ((quicknet, ["h5"]), (alexnet, ["json"]), (bireal, ["keras"]), (quantizers, ["h5"])):
    model = make()
    shape = model.input_shape[1:]
    classes = model.output_shape[-1]
    x = inputs(shape, 96) + np.random.default_rng(3).normal(0, 0.3, (96, *shape)).astype("float32")
    y = np.arange(96) % classes
    logits = not model.name.endswith("_like")
    model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=logits))
    model.fit(x, y, batch_size=16, epochs=3, verbose=0)
    settle(model)
    path = os.path.join(folder, model.name)
    for format in formats:
        if format == "json":
            with open(f"{path}.json", "w") as file:
                file.write(model.to_json())
            model.save_weights(f"{path}_weights.h5")
        else:
            tf.keras.Model(model.inputs, model.outputs, name=model.name).save(f"{path}.{format}")  # without the optimizer
    answers[model.name] = {"shape": list(shape), "outputs": model.predict(inputs(shape, count), verbose=0).tolist()}
with open(os.path.join(folder, "answers.json"), "w") as file:
    json.dump(answers, file)
for path in glob.glob(os.path.join(folder, "*")):
    if not path.endswith("answers.json"):
        with open(path, "rb") as plain, open(f"{path}.gz", "wb") as file:
            file.write(gzip.compress(plain.read(), 9, mtime=0))
        os.remove(path)

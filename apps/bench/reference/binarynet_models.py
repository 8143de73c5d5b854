"""What Keras answers for models of BinaryNet's BinaryDense layers, as those of https://github.com/DingKe/nn_playground.

Usage: binarynet_models.py FOLDER ANSWERS.json [COUNT]
FOLDER has NAME.json and NAME_weights.h5. Needs tensorflow-cpu==2.15.*. Inputs as in larq_models.py. The layers were published
for older Keras; here they are made again from their definition, W = H * (2 round(clip((w / H + 1) / 2, 0, 1)) - 1) with halves
rounded to even.
"""
import glob, json, os, sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

folder, output = sys.argv[1:3]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 3
inputs = lambda size, n: (lambda i: (((i * 37 + (i // size) * 101 + (i * i) % 23) % 65 - 32) / 16).reshape(n, size))(np.arange(n * size, dtype=np.int64))


def binary_tanh(x):
    return 2 * tf.round(tf.clip_by_value(0.5 * x + 0.5, 0, 1)) - 1


class BinaryDense(tf.keras.layers.Dense):
    def __init__(self, units, H=1.0, kernel_lr_multiplier=None, bias_lr_multiplier=None, **rest):
        super().__init__(units, **rest)
        self.H = H

    def call(self, x):
        y = tf.matmul(x, self.H * binary_tanh(self.kernel / self.H))
        return self.activation(y + self.bias if self.use_bias else y)


class Clip(tf.keras.constraints.Constraint):
    def __init__(self, min_value, max_value):
        pass


objects = {"BinaryDense": BinaryDense, "Clip": Clip, "binary_tanh": binary_tanh, "relu1": lambda x: tf.clip_by_value(x, 0, 1)}
answers = {}
for path in sorted(glob.glob(os.path.join(folder, "*_weights.h5"))):
    name = os.path.basename(path)[: -len("_weights.h5")]
    with open(os.path.join(folder, f"{name}.json")) as file:
        model = tf.keras.models.model_from_json(file.read(), objects)
    model.load_weights(path)
    shape = model.input_shape[1:]
    answers[name] = {"shape": list(shape), "outputs": model(inputs(shape[0], count).astype(model.layers[0].dtype)).numpy().tolist()}
with open(output, "w") as file:
    json.dump(answers, file)

"""A functional and a sequential model of Keras 3, saved as `.keras`, with what they answer.

Usage: keras3_models.py FOLDER
Needs keras==3.15.*, numpy and jax (as the backend). Answers, inputs and compression as in larq_models.py.
"""
import gzip, json, os, sys

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np
from keras import layers as L

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
keras.utils.set_random_seed(5)


def inputs(shape, n):
    size = int(np.prod(shape))
    i = np.arange(n * size, dtype=np.int64)
    return (((i * 37 + (i // size) * 101 + (i * i) % 23) % 65 - 32) / 16).astype("float32").reshape(n, *shape)


def functional():
    x = i = keras.Input((9, 8, 3), name="image")
    x = L.Rescaling(0.5, offset=0.25)(x)
    x = L.ZeroPadding2D(((1, 0), (0, 2)))(x)
    # Named against the order in which weights are stored, which is that of the model.
    x = L.Conv2D(6, 3, strides=2, padding="same", name="conv2d_1")(x)
    x = L.BatchNormalization(axis=-1)(x)
    a = L.LeakyReLU(negative_slope=0.1)(L.Conv2D(6, 3, padding="same", groups=2, dilation_rate=2, name="conv2d")(x))
    b = L.ReLU(max_value=2.0, negative_slope=0.25)(L.SeparableConv2D(6, 3, padding="same", depth_multiplier=2)(x))
    c = L.PReLU(shared_axes=[1, 2], alpha_initializer="random_normal")(L.DepthwiseConv2D(3, padding="same", depth_multiplier=1)(x))
    x = L.Concatenate()([L.Add()([a, b, x]), L.Multiply()([c, x]), L.Subtract()([a, c])])
    x = L.AveragePooling2D(3, strides=2, padding="same")(L.Dropout(0.3)(x))
    y = L.GlobalMaxPooling2D()(x)
    z = L.Flatten()(L.MaxPooling2D((2, 1))(x))
    x = L.Concatenate()([L.Dense(8, activation="hard_sigmoid")(z), L.GlobalAveragePooling2D()(x), y])
    x = L.Dense(8, activation="gelu")(L.Reshape((2, -1))(x))
    return keras.Model(i, L.Dense(4, activation="softmax")(L.Flatten()(x)), name="keras3_functional")


def sequential():
    return keras.Sequential([keras.Input((12, 3)), L.Conv1D(8, 3, padding="same", activation="relu"), L.BatchNormalization(scale=False), L.MaxPooling1D(2), L.Flatten(), L.Dense(6, activation="tanh", use_bias=False), L.GaussianNoise(0.1), L.Dense(3)], name="keras3_sequential")


answers = {}
for model in (functional(), sequential()):
    shape, classes = model.input_shape[1:], model.output_shape[-1]
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(inputs(shape, 64), np.arange(64) % classes, batch_size=16, epochs=2, verbose=0)
    path = os.path.join(folder, f"{model.name}.keras")
    keras.Model(model.inputs, model.outputs, name=model.name).save(path) if model.name.endswith("functional") else model.save(path)
    with open(path, "rb") as plain, open(f"{path}.gz", "wb") as file:
        file.write(gzip.compress(plain.read(), 9, mtime=0))
    os.remove(path)
    answers[model.name] = {"shape": list(shape), "outputs": np.asarray(model.predict(inputs(shape, 3), verbose=0)).tolist()}
with open(os.path.join(folder, "answers-keras3.json"), "w") as file:
    json.dump(answers, file)

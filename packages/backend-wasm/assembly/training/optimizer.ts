// One optimizer step of the numbers i0 .. i1 - 1 of a variable: value, gradient and state in, new value and state out.

/**
 * Adam: m' = b1 m + (1 - b1) g, v' = b2 v + (1 - b2) g^2, value' = value - rate * m' / (sqrt(v' * scale2) + epsilon),
 * with rate = learningRate / correction1 and scale2 = 1 / correction2.
 */
export function adam(
  value: usize,
  g: usize,
  m: usize,
  v: usize,
  value2: usize,
  m2: usize,
  v2: usize,
  i0: i32,
  i1: i32,
  rate: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  scale2: f32,
  epsilon: f32,
): void {
  const bytes: usize = (<usize>i1) << 2;
  const r = f32x4.splat(rate),
    b1 = f32x4.splat(beta1),
    c1 = f32x4.splat(rest1),
    b2 = f32x4.splat(beta2);
  const c2 = f32x4.splat(rest2),
    s2 = f32x4.splat(scale2),
    e = f32x4.splat(epsilon);
  let i: usize = (<usize>i0) << 2;
  for (; i + 16 <= bytes; i += 16) {
    const gradient = v128.load(g + i);
    const first = f32x4.add(f32x4.mul(b1, v128.load(m + i)), f32x4.mul(c1, gradient));
    const second = f32x4.add(f32x4.mul(b2, v128.load(v + i)), f32x4.mul(c2, f32x4.mul(gradient, gradient)));
    v128.store(m2 + i, first);
    v128.store(v2 + i, second);
    const step = f32x4.div(first, f32x4.add(f32x4.sqrt(f32x4.mul(second, s2)), e));
    v128.store(value2 + i, f32x4.sub(v128.load(value + i), f32x4.mul(r, step)));
  }
  for (; i < bytes; i += 4) {
    const gradient = load<f32>(g + i);
    const first = beta1 * load<f32>(m + i) + rest1 * gradient;
    const second = beta2 * load<f32>(v + i) + rest2 * (gradient * gradient);
    store<f32>(m2 + i, first);
    store<f32>(v2 + i, second);
    store<f32>(value2 + i, load<f32>(value + i) - rate * (first / (sqrt<f32>(second * scale2) + epsilon)));
  }
}

/**
 * SGD with momentum: velocity' = momentum * velocity + g, value' = value - rate * d with d = velocity', or
 * g + momentum * velocity' with `nesterov`.
 */
export function momentum(
  value: usize,
  g: usize,
  velocity: usize,
  value2: usize,
  velocity2: usize,
  i0: i32,
  i1: i32,
  rate: f32,
  factor: f32,
  nesterov: i32,
): void {
  const bytes: usize = (<usize>i1) << 2;
  const r = f32x4.splat(rate),
    f = f32x4.splat(factor);
  let i: usize = (<usize>i0) << 2;
  for (; i + 16 <= bytes; i += 16) {
    const gradient = v128.load(g + i);
    const next = f32x4.add(f32x4.mul(f, v128.load(velocity + i)), gradient);
    v128.store(velocity2 + i, next);
    const d = nesterov ? f32x4.add(gradient, f32x4.mul(f, next)) : next;
    v128.store(value2 + i, f32x4.sub(v128.load(value + i), f32x4.mul(r, d)));
  }
  for (; i < bytes; i += 4) {
    const gradient = load<f32>(g + i);
    const next = factor * load<f32>(velocity + i) + gradient;
    store<f32>(velocity2 + i, next);
    store<f32>(value2 + i, load<f32>(value + i) - rate * (nesterov ? gradient + factor * next : next));
  }
}

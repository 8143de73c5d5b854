// Rendered by scripts/render-values.ts from the expressions of @bitgrad/runtime (src/ops); do not edit.
import { exp } from './functions';

export function affine(x: F, scale: F, bias: F): F {
  return addF(mulF(x, scale), bias);
}

export function prelu(x: F, before: F, slope: F, after: F): F {
  const v0 = addF(x, before);
  return addF(ifNotLess(v0, splatF(<f32>0), v0, mulF(v0, slope)), after);
}

export function clamp(x: F, min: F, max: F): F {
  return ifLess(x, min, min, ifLess(max, x, max, x));
}

export function sigmoid(x: F): F {
  const v0 = exp(negF(absF(x)));
  return divF(ifNotLess(x, splatF(<f32>0), splatF(<f32>1), v0), addF(splatF(<f32>1), v0));
}

export function tanh(x: F): F {
  const v0 = exp(mulF(splatF(<f32>-2), absF(x)));
  const v1 = divF(subF(splatF(<f32>1), v0), addF(splatF(<f32>1), v0));
  return ifLess(x, splatF(<f32>0), negF(v1), v1);
}

export function gelu(x: F): F {
  const v0 = mulF(x, splatF(<f32>0.7071067811865476));
  const v1 = absF(v0);
  const v2 = divF(splatF(<f32>1), addF(splatF(<f32>1), mulF(splatF(<f32>0.3275911), v1)));
  const v3 = subF(splatF(<f32>1), mulF(mulF(addF(mulF(addF(mulF(addF(mulF(addF(mulF(splatF(<f32>1.061405429), v2), splatF(<f32>-1.453152027)), v2), splatF(<f32>1.421413741)), v2), splatF(<f32>-0.284496736)), v2), splatF(<f32>0.254829592)), v2), exp(negF(mulF(v1, v1)))));
  return mulF(mulF(splatF(<f32>0.5), x), addF(splatF(<f32>1), ifLess(v0, splatF(<f32>0), negF(v3), v3)));
}

// Every surrogate and forward passes the kit alone, as it would in a pair.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { testForward, testSurrogate } from '@bitgrad/testkit';
import * as member from '../src/index.js';

testSurrogate({ create: member.identitySurrogate });
testSurrogate({ create: member.clippedIdentitySurrogate, options: [{ clip: 0.1 }], invalid: [{ clip: -2 }] });
testSurrogate({ create: member.approxSignSurrogate });
testSurrogate({ create: member.birealSurrogate });
testSurrogate({
  create: member.signSwishSurrogate,
  options: [{ steepness: 12 }],
  scalars: [{}, { steepness: 2 }],
});
testSurrogate({ create: member.tanhSurrogate, options: [{ steepness: 6 }], scalars: [{}, { steepness: 2 }] });
testSurrogate({ create: member.edeSurrogate, options: [{ t: 10 }], scalars: [{}, { t: 0.1, k: 10 }] });
testSurrogate({
  create: member.resteSurrogate,
  options: [{ o: 3 }, { o: 10, m: 0.01, t: 2 }],
  scalars: [{}, { o: 2 }],
  invalid: [{ o: 0.9 }, { t: 0.05 }],
});
testSurrogate({ create: member.polynomialSurrogate, options: [{ order: 5, width: 0.3 }] });
testSurrogate({ create: member.triangleSurrogate, options: [{ width: 0.3, height: 4 }] });
testSurrogate({ create: member.xnorSurrogate });
testSurrogate({ create: member.dorefaSurrogate, options: [{ target: 'weights' }] });

testForward({ create: member.signForward });
testForward({ create: member.scaledSignForward });
testForward({ create: member.magnitudeAwareSignForward });
testForward({ create: member.heavisideForward });
testForward({ create: member.ternaryForward, options: [{ threshold: 1.5 }], roles: ['kernel'] });
testForward({ create: member.dorefaForward, options: [{ bits: 4 }, { bits: 6, target: 'weights' }] });
testForward({ create: member.rsignForward });
testForward({ create: member.standardizedSignForward, options: [{ powerOfTwoScale: true }] });

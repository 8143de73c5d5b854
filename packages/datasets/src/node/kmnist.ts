// Kuzushiji-MNIST: ten cursive hiragana in MNIST's format (arXiv 1812.01718). The sums are those of torchvision's
// datasets/mnist.py.
import { mnistLike } from './mnist.js';

export const kmnist = mnistLike({
  name: 'kmnist',
  title: 'Kuzushiji-MNIST',
  classes: ['o', 'ki', 'su', 'tsu', 'na', 'ha', 'ma', 'ya', 're', 'wo'],
  page: 'https://github.com/rois-codh/kmnist',
  licence: 'CC BY-SA 4.0',
  mirrors: ['https://codh.rois.ac.jp/kmnist/dataset/kmnist', 'http://codh.rois.ac.jp/kmnist/dataset/kmnist'],
  md5: [
    'bdb82020997e1d708af4cf47b453dcf7',
    'e144d726b3acfaa3e44228e80efcd344',
    '5c965bf0a639b31b8f53240b1b52f4d7',
    '7320c461ea6c1c855c0b718fb2a4b134',
  ],
});

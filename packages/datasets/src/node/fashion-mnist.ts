// Fashion-MNIST: ten kinds of clothes in MNIST's format (arXiv 1708.07747). The sums are those of its README.
import { mnistLike } from './mnist.js';

export const fashionMnist = mnistLike({
  name: 'fashion-mnist',
  title: 'Fashion-MNIST',
  // prettier-ignore
  classes: ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  page: 'https://github.com/zalandoresearch/fashion-mnist',
  licence: 'MIT',
  mirrors: [
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion',
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com',
  ],
  md5: [
    '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    '25c81989df183df01b3e8a0aad5dffbe',
    'bef4ecab320f06d8554ea6380940ec79',
    'bb300cfdad3c16e7a12a480ee83cd310',
  ],
});

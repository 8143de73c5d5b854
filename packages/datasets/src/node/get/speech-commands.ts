// Speech Commands v0.02: 105,829 recordings of 35 words. The sum is the one in torchaudio's datasets/speechcommands.py
// and in the checksums.tsv of TensorFlow Datasets, which has the size too.
import type { DataSource } from '../../source.js';

export const speechCommands: DataSource = {
  page: 'https://arxiv.org/abs/1804.03209',
  licence: 'CC BY 4.0',
  files: [
    {
      name: 'speech_commands_v0.02.tar.gz',
      urls: [
        'https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz',
        'http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz',
      ],
      sum: {
        algorithm: 'sha256',
        hex: 'af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58',
      },
      bytes: 2_428_923_189,
      unpack: 'speech-commands',
    },
  ],
};

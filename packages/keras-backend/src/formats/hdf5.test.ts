/** The HDF5 library, when a damaged file has made it leave its memory. */
import t from 'tap';
import { layers, modelFromH5, modelToH5, sequential } from '../index.js';
import { readHdf5 } from './hdf5.js';

t.test('a library that stopped at a damaged file is replaced', async (t) => {
  const model = sequential({ layers: [layers.dense({ units: 3, inputShape: [2] })] });
  const bytes = await modelToH5(model);
  const library = () => readHdf5(bytes, 'model file', (root) => root.constructor);
  const first = await library();
  const refused = readHdf5(bytes, 'model file', () => {
    throw new Error('is damaged');
  });
  await t.rejects(refused, { message: 'is damaged' });
  t.equal(await library(), first);
  const stopped = readHdf5(bytes, 'model file', () => {
    throw Object.assign(new Error('memory access out of bounds'), { name: 'RuntimeError' });
  });
  await t.rejects(stopped, { name: 'RuntimeError' });
  t.not(await library(), first);
  const restored = await modelFromH5(await modelToH5(await modelFromH5(bytes)));
  t.same(restored.getWeights(), model.getWeights());
});

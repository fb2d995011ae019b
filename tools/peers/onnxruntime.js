// SPDX-License-Identifier: BSD-3-Clause
// ONNX Runtime on DIR/net.onnx: onnxruntime.js DIR BATCH THREADS does jobs as ours.c serve: infer
// (in pieces of the size that a trial finds fastest), infer-batch (the whole batch in one call)
// and write. The package is found by NODE_PATH.
const fs = require('fs');
const readline = require('readline');
const ort = require('onnxruntime-node');

const SIZE = 256;
const [dir, batchText, threadsText] = process.argv.slice(2);
const batch = Number(batchText), threads = Number(threadsText);

function floats(path) {
  const bytes = fs.readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function tensors(x, n) {
  const pieces = [], pixels = n * SIZE * SIZE;
  for (let at = 0; at < x.length; at += pixels)
    pieces.push(new ort.Tensor('float32', x.slice(at, at + pixels), [n, 1, SIZE, SIZE]));
  return pieces;
}

async function infer(session, pieces, out) {
  const wall = process.hrtime.bigint(), cpu = process.cpuUsage();
  const results = [];
  for (const x of pieces) results.push((await session.run({ x })).y);
  const used = process.cpuUsage(cpu);
  const took = { wall: Number(process.hrtime.bigint() - wall) * 1e-9,
    cpu: (used.user + used.system) * 1e-6 };
  let at = 0;
  for (const y of results) {
    out.set(y.data, at);
    at += y.data.length;
  }
  return took;
}

async function fastest(session, x, out) {
  let best = null, least = Infinity;
  for (let n = 1; n <= batch; n *= 2) {
    if (batch % n) continue;
    const pieces = tensors(x, n);
    await infer(session, pieces, out);
    for (let i = 0; i < 3; i++) {
      const took = (await infer(session, pieces, out)).cpu;
      if (took < least) {
        least = took;
        best = pieces;
      }
    }
  }
  return best;
}

async function main() {
  const session = await ort.InferenceSession.create(`${dir}/net.onnx`, {
    intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential',
    graphOptimizationLevel: 'all' });
  const x = floats(`${dir}/image.f32`), out = new Float32Array(x.length);
  const whole = tensors(x, batch), pieces = await fastest(session, x, out);
  const version = require('onnxruntime-node/package.json').version;
  console.log(`ready ONNX Runtime ${version}, batches of ${pieces[0].dims[0]}`);
  for await (const job of readline.createInterface({ input: process.stdin })) {
    let took = { wall: 0, cpu: 0 };
    if (job === 'infer') took = await infer(session, pieces, out);
    else if (job === 'infer-batch') took = await infer(session, whole, out);
    else if (job === 'write')
      fs.writeFileSync(`${dir}/onnxruntime.${threads}.f32`, Buffer.from(out.buffer));
    else throw new Error(`unknown job ${job}`);
    console.log(`${took.wall.toFixed(6)} ${took.cpu.toFixed(6)}`);
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

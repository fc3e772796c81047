// What an ONNX file says about itself: its metadata, read without a protobuf library.

const METADATA = 14; // ModelProto.metadata_props
const KEY = 1; // StringStringEntryProto
const VALUE = 2;

/**
 * The JSON under "groove" in the metadata of an ONNX file; an empty object if there is none.
 * @param {Uint8Array} bytes
 */
export function cardOf(bytes) {
  const text = new TextDecoder();
  try {
    for (const [field, entry] of fields(bytes)) {
      if (field !== METADATA) continue;
      const parts = new Map(fields(entry));
      if (text.decode(parts.get(KEY)) !== 'groove') continue;
      const card = JSON.parse(text.decode(parts.get(VALUE)));
      return card && typeof card === 'object' ? card : {};
    }
  } catch {
    // A damaged file is refused by the runtime, with a better reason.
  }
  return {};
}

/** Yield [field number, bytes] of every length-delimited field of a protobuf message. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let power = 1; ; power *= 128) {
      if (at >= bytes.length) throw new RangeError('the message ends inside a number');
      const byte = bytes[at];
      at += 1;
      value += (byte & 127) * power;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new RangeError('a field is longer than the message');
      yield [Math.floor(tag / 8), bytes.subarray(at, at + length)];
      at += length;
    } else throw new RangeError(`fields of kind ${kind} are not read`);
  }
}

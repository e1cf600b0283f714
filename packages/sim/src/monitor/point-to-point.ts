/**
 * How many packets a message between chips takes. It is opened, sent in windows of packets of three bytes, and
 * closed; the receiver acknowledges each. Source: `scamp-p2p.c` of SC&MP 4.0.
 */

const BYTES_PER_PACKET = 3;
/** Goes before the message. */
const CHECKSUM_BYTES = 2;
/** Packets of a window: two to the power of the system variable `p2pSequenceLength`, which is 4. */
const WINDOW = 16;

/**
 * Packets to the receiver, and back from it.
 *
 * @param bytes length of the message from its SDP header on
 */
export function pointToPointPackets(bytes: number): { there: number; back: number } {
  const data = Math.ceil((CHECKSUM_BYTES + bytes) / BYTES_PER_PACKET);
  const windows = Math.ceil(data / WINDOW);
  const [openRequest, closeAcknowledgement] = [1, 1];
  const [openAcknowledgement, closeRequest] = [1, 1];
  return {
    there: openRequest + data + closeAcknowledgement,
    back: openAcknowledgement + (windows - 1) + closeRequest,
  };
}

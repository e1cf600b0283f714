/** Return codes of SCP replies. Source: `cmd_rc` values of SC&MP 4.0. */
export const ReturnCode = {
  Ok: 0x80,
  Length: 0x81,
  Sum: 0x82,
  Command: 0x83,
  Argument: 0x84,
  Port: 0x85,
  Timeout: 0x86,
  Route: 0x87,
  Core: 0x88,
  Dead: 0x89,
  Buffer: 0x8a,
  P2pNoReply: 0x8b,
  P2pReject: 0x8c,
  P2pBusy: 0x8d,
  P2pTimeout: 0x8e,
  PacketTransmit: 0x8f,
} as const;

const WORDS: Readonly<Record<number, string>> = {
  [ReturnCode.Ok]: 'RC_OK, done',
  [ReturnCode.Length]: 'RC_LEN, the message is too short',
  [ReturnCode.Sum]: 'RC_SUM, the checksum is wrong',
  [ReturnCode.Command]: 'RC_CMD, the monitor does not know this command',
  [ReturnCode.Argument]: 'RC_ARG, an argument is out of range',
  [ReturnCode.Port]: 'RC_PORT, nothing listens on this port of the core',
  [ReturnCode.Timeout]: 'RC_TIMEOUT, the core did not take the message in time',
  [ReturnCode.Route]:
    'RC_ROUTE, there is no route to this chip; is it dead or outside the machine?',
  [ReturnCode.Core]: 'RC_CPU, the chip has no such core',
  [ReturnCode.Dead]: 'RC_DEAD, the core is dead',
  [ReturnCode.Buffer]: 'RC_BUF, the chip has no free message buffer',
  [ReturnCode.P2pNoReply]:
    'RC_P2P_NOREPLY, the chip did not answer the chip that was asked to reach it',
  [ReturnCode.P2pReject]: 'RC_P2P_REJECT, the chip turned the message away',
  [ReturnCode.P2pBusy]: 'RC_P2P_BUSY, the chip is busy with another message',
  [ReturnCode.P2pTimeout]: 'RC_P2P_TIMEOUT, the chip fell silent in the middle of the message',
  [ReturnCode.PacketTransmit]: 'RC_PKT_TX, the packet could not be sent',
};

/** A return code in words, with its number. */
export function describeReturnCode(code: number): string {
  return `${WORDS[code] ?? 'unknown return code'} (0x${code.toString(16)})`;
}
